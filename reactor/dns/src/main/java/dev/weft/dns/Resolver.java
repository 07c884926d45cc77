// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import dev.weft.Deadline;
import dev.weft.dns.internal.client.Lookup;
import dev.weft.dns.internal.client.QuestionTable;
import dev.weft.dns.internal.client.Settings;
import dev.weft.dns.internal.config.HostsFile;
import dev.weft.dns.internal.config.ResolvConf;
import dev.weft.dns.internal.config.WatchedFile;
import dev.weft.dns.internal.message.MessageClasses;
import dev.weft.dns.internal.message.Names;
import dev.weft.dns.internal.message.Question;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.HostResolver;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * Resolves names by the table of hosts and by DNS (RFC 1035), as the system is configured
 * (hosts(5), resolv.conf(5)), for the fibers of one reactor. Any number of fibers may use one at
 * the same time.
 *
 * <p>A question that several fibers have at a time is asked once. Answers are kept for their time
 * to live, negative ones as RFC 2308 says. Queries have unpredictable ids and ports, and only the
 * answer to the question, from the server that was asked, is taken (RFC 5452). The files are read
 * again when they have changed. A deadline or a cancel ends the wait of one fiber; a question that
 * no fiber waits for any more is given back its socket.
 *
 * <p>Failures are a {@link NoSuchNameException}, a {@link NoDataException}, a {@link
 * ServerFailureException} or a {@link ServerTimeoutException}, and an {@link IOException} if a file
 * can't be read.
 */
public final class Resolver implements HostResolver, AutoCloseable {
  private final ResolverOptions options;
  private final WatchedFile<ResolvConf> resolvConf;
  private final WatchedFile<HostsFile> hosts;
  private final QuestionTable questions;

  private Resolver(ResolverOptions options) {
    this.options = options;
    resolvConf = new WatchedFile<>(options.resolvConf(), ResolvConf.BYTES_MAX, Resolver::configure);
    hosts = new WatchedFile<>(options.hosts(), HostsFile.BYTES_MAX, HostsFile::parse);
    questions = new QuestionTable(options.cacheBytes(), options.queriesMax(), options.random());
  }

  /**
   * {@return a resolver of the current reactor, with the system's configuration} Unless it has been
   * closed before, it is closed with the bundle in which it was opened, or with the reactor.
   */
  public static Resolver open() {
    return open(ResolverOptions.defaults());
  }

  /**
   * {@return a resolver of the current reactor} Unless it has been closed before, it is closed with
   * the bundle in which it was opened, or with the reactor.
   *
   * @param options its settings
   */
  public static Resolver open(ResolverOptions options) {
    return new Resolver(options);
  }

  /** What a resolver does before its first question, which may take long. */
  private static ResolvConf configure(String resolvConf) {
    MessageClasses.load();
    return ResolvConf.parse(resolvConf);
  }

  /** Lets the resolver outlive the bundle in which it was opened: the reactor closes it. */
  public void transferToReactor() {
    questions.transferToReactor();
  }

  // ---- addresses

  /**
   * Finds the addresses of a host, and its canonical name. Suspends.
   *
   * @param host a name, or an address, which has itself
   * @return at least one address
   * @throws DnsException if there is none, or it can't be found out
   * @throws IOException if a file of the configuration can't be read
   */
  public HostAddresses lookup(String host) throws IOException {
    return lookup(host, Deadline.NEVER);
  }

  /**
   * Finds the addresses of a host, and its canonical name, until {@code deadline} at most.
   * Suspends.
   *
   * @param host a name, or an address, which has itself
   * @param deadline when to stop waiting
   * @return at least one address
   * @throws DnsException if there is none, or it can't be found out
   * @throws IOException if a file of the configuration can't be read
   * @throws DeadlineExceededException if it is not known by then
   */
  public HostAddresses lookup(String host, Deadline deadline) throws IOException {
    try {
      HostAddresses known = known(host, deadline);
      return known != null ? known : lookupByDns(host, deadline);
    } catch (DeadlineExceededException e) {
      throw expired(host);
    }
  }

  /** What is known without a server, or null. */
  private @Nullable HostAddresses known(String host, Deadline deadline) throws IOException {
    InetAddress literal = literal(host);
    if (literal != null) {
      return new HostAddresses(host, List.of(), List.of(literal));
    }
    HostsFile.Host listed = hosts.content(deadline).find(host);
    if (listed != null) {
      String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
      boolean isAlias = !listed.name().equalsIgnoreCase(name);
      return new HostAddresses(
          name, isAlias ? List.of(listed.name()) : List.of(), sorted(listed.addresses()));
    }
    if (Names.isLocalhost(host)) {
      List<InetAddress> loopback =
          List.of(InetAddress.ofLiteral("::1"), InetAddress.ofLiteral("127.0.0.1"));
      return new HostAddresses(host, List.of(), loopback);
    }
    return null;
  }

  private static @Nullable InetAddress literal(String host) throws NoSuchNameException {
    if (host.isEmpty()) {
      throw new NoSuchNameException(host, "the name is empty");
    }
    try {
      return InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException e) {
      if (host.indexOf(':') >= 0) {
        throw new NoSuchNameException(host, "not an IPv6 address");
      }
      return null;
    }
  }

  /** IPv6 first, otherwise in the same order. */
  private static List<InetAddress> sorted(List<InetAddress> addresses) {
    List<InetAddress> sorted = new ArrayList<>(addresses);
    sorted.sort((a, b) -> Boolean.compare(b instanceof Inet6Address, a instanceof Inet6Address));
    return sorted;
  }

  private HostAddresses lookupByDns(String host, Deadline deadline) throws IOException {
    ResolvConf conf = resolvConf.content(deadline);
    Settings settings = settings(conf);
    Lookup.Result worst = null;
    for (Name name : candidates(host, conf)) {
      try (Lookup ipv6 = new Lookup(questions, settings, new Question(name, Type.AAAA, DClass.IN));
          Lookup ipv4 = new Lookup(questions, settings, new Question(name, Type.A, DClass.IN))) {
        Lookup.Result first = ipv6.await(deadline);
        Lookup.Result second = ipv4.await(deadline);
        Set<InetAddress> addresses = new LinkedHashSet<>(addresses(host, first.records()));
        addresses.addAll(addresses(host, second.records()));
        if (!addresses.isEmpty()) {
          Lookup.Result found = first.kind() == Lookup.Kind.DATA ? first : second;
          return new HostAddresses(
              name.toString(true), Names.texts(found.aliases()), List.copyOf(addresses));
        }
        worst = worse(worse(worst, first), second);
      }
      if (worst.kind() == Lookup.Kind.TIMED_OUT) {
        break; // the other names would only wait as long
      }
    }
    throw failure(host, worst, "the name has no addresses");
  }

  /** The one that says less about whether there is a host: kinds are in that order. */
  private static Lookup.Result worse(Lookup.@Nullable Result known, Lookup.Result next) {
    return known == null || rank(next.kind()) > rank(known.kind()) ? next : known;
  }

  private static int rank(Lookup.Kind kind) {
    return switch (kind) {
      case DATA, NO_NAME -> 0;
      case NO_DATA -> 1;
      case FAILED -> 2;
      case TIMED_OUT -> 3;
    };
  }

  private static List<InetAddress> addresses(String host, List<Record> records)
      throws UnknownHostException {
    List<InetAddress> addresses = new ArrayList<>();
    for (Record address : records) {
      if (address instanceof ARecord ipv4) {
        addresses.add(InetAddress.getByAddress(host, ipv4.getAddress().getAddress()));
      } else if (address instanceof AAAARecord ipv6) {
        addresses.add(InetAddress.getByAddress(host, ipv6.getAddress().getAddress()));
      }
    }
    return addresses;
  }

  @Override
  public List<InetAddress> resolve(String host, StandardProtocolFamily family, Deadline deadline)
      throws IOException {
    try {
      HostAddresses known = known(host, deadline);
      if (known != null) {
        return known.addresses().stream().filter(address -> isOf(address, family)).toList();
      }
      return resolveByDns(host, family, deadline);
    } catch (DeadlineExceededException e) {
      throw expired(host);
    }
  }

  private static boolean isOf(InetAddress address, StandardProtocolFamily family) {
    return address instanceof Inet6Address == (family == StandardProtocolFamily.INET6);
  }

  /**
   * A name that has only addresses of the other family ends the search as well, so that the lookups
   * of both families find the same host.
   */
  private List<InetAddress> resolveByDns(
      String host, StandardProtocolFamily family, Deadline deadline) throws IOException {
    boolean isIpv6 = family == StandardProtocolFamily.INET6;
    ResolvConf conf = resolvConf.content(deadline);
    List<Name> candidates = candidates(host, conf);
    Lookup.Result worst = null;
    for (Name name : candidates) {
      Lookup.Result result = ask(name, isIpv6 ? Type.AAAA : Type.A, conf, deadline);
      if (result.kind() == Lookup.Kind.DATA) {
        return addresses(host, result.records());
      }
      if (result.kind() == Lookup.Kind.NO_DATA
          && (candidates.size() == 1
              || ask(name, isIpv6 ? Type.A : Type.AAAA, conf, deadline).kind()
                  == Lookup.Kind.DATA)) {
        return List.of();
      }
      worst = worse(worst, result);
      if (worst.kind() == Lookup.Kind.TIMED_OUT) {
        break;
      }
    }
    throw failure(host, worst, "the name has no addresses");
  }

  private Lookup.Result ask(Name name, int type, ResolvConf conf, Deadline deadline)
      throws IOException {
    return ask(new Question(name, type, DClass.IN), settings(conf), deadline);
  }

  private Lookup.Result ask(Question question, Settings settings, Deadline deadline)
      throws IOException {
    try (Lookup lookup = new Lookup(questions, settings, question)) {
      return lookup.await(deadline);
    }
  }

  // ---- names

  /**
   * Finds the names of an address. Suspends.
   *
   * @param address of IPv4 or IPv6
   * @return the names without a dot at the end; none if the address has no name (no PTR record)
   * @throws DnsException if it can't be found out
   * @throws IOException if a file of the configuration can't be read
   */
  public List<String> names(InetAddress address) throws IOException {
    return names(address, Deadline.NEVER);
  }

  /**
   * Finds the names of an address, until {@code deadline} at most. Suspends.
   *
   * @param address of IPv4 or IPv6
   * @param deadline when to stop waiting
   * @return the names without a dot at the end; none if the address has no name (no PTR record)
   * @throws DnsException if it can't be found out
   * @throws IOException if a file of the configuration can't be read
   * @throws DeadlineExceededException if it is not known by then
   */
  public List<String> names(InetAddress address, Deadline deadline) throws IOException {
    String host = address.getHostAddress();
    try {
      List<String> listed = hosts.content(deadline).names(address);
      if (!listed.isEmpty()) {
        return List.copyOf(listed);
      }
      Question question = new Question(ReverseMap.fromAddress(address), Type.PTR, DClass.IN);
      Lookup.Result result = ask(question, settings(resolvConf.content(deadline)), deadline);
      return switch (result.kind()) {
        case DATA ->
            result.records().stream()
                .filter(PTRRecord.class::isInstance)
                .map(pointer -> ((PTRRecord) pointer).getTarget().toString(true))
                .toList();
        case NO_DATA, NO_NAME -> List.of();
        case FAILED, TIMED_OUT -> throw failure(host, result, "");
      };
    } catch (DeadlineExceededException e) {
      throw expired(host);
    }
  }

  // ---- records

  /**
   * Finds records of any type. Suspends.
   *
   * @param name a domain name, which is complete: no search domain is appended
   * @param type a value of {@link Type}, such as {@link Type#MX}
   * @return at least one record
   * @throws DnsException if there is none, or it can't be found out
   * @throws IOException if a file of the configuration can't be read
   */
  public Answer query(String name, int type) throws IOException {
    return query(name, type, DClass.IN, Deadline.NEVER);
  }

  /**
   * Finds records of any type and class, until {@code deadline} at most. Suspends.
   *
   * @param name a domain name, which is complete: no search domain is appended
   * @param type a value of {@link Type}, such as {@link Type#MX}
   * @param dclass a value of {@link DClass}, such as {@link DClass#IN}
   * @param deadline when to stop waiting
   * @return at least one record
   * @throws DnsException if there is none, or it can't be found out
   * @throws IOException if a file of the configuration can't be read
   * @throws DeadlineExceededException if it is not known by then
   */
  public Answer query(String name, int type, int dclass, Deadline deadline) throws IOException {
    Type.check(type);
    DClass.check(dclass);
    try {
      Question question = new Question(Names.absolute(name), type, dclass);
      Lookup.Result result = ask(question, settings(resolvConf.content(deadline)), deadline);
      if (result.kind() != Lookup.Kind.DATA) {
        throw failure(name, result, "the name has no records of type " + Type.string(type));
      }
      return new Answer(
          result.name().toString(true),
          Names.texts(result.aliases()),
          result.records(),
          result.end());
    } catch (TextParseException e) {
      throw new NoSuchNameException(name, String.valueOf(e.getMessage()));
    } catch (DeadlineExceededException e) {
      throw expired(name);
    }
  }

  // ---- configuration

  private List<Name> candidates(String host, ResolvConf conf) throws NoSuchNameException {
    List<Name> search = options.search();
    int ndots = options.ndots();
    try {
      return Names.candidates(
          host, search != null ? search : conf.search(), ndots >= 0 ? ndots : conf.ndots());
    } catch (TextParseException e) {
      throw new NoSuchNameException(host, String.valueOf(e.getMessage()));
    }
  }

  private Settings settings(ResolvConf conf) {
    Duration timeout = options.timeout();
    Boolean rotate = options.rotate();
    return new Settings(
        options.servers().isEmpty() ? conf.servers() : options.servers(),
        timeout != null ? timeout : Duration.ofSeconds(conf.timeoutSeconds()),
        options.attempts() > 0 ? options.attempts() : conf.attempts(),
        rotate != null ? rotate : conf.rotate(),
        options.tcpOnly() || conf.useTcp(),
        options.edns());
  }

  /** Forgets all answers, and has the files read again. Does not suspend. */
  public void reload() {
    questions.forget();
    resolvConf.forget();
    hosts.forget();
  }

  // ---- failures

  private static DnsException failure(
      String host, Lookup.@Nullable Result result, String withoutData) {
    if (result == null) {
      return new NoSuchNameException(host, "the name is too long");
    }
    return switch (result.kind()) {
      case NO_NAME -> new NoSuchNameException(host, result.reason());
      case DATA, NO_DATA -> new NoDataException(host, withoutData);
      case FAILED -> new ServerFailureException(host, result.reason());
      case TIMED_OUT -> new ServerTimeoutException(host, result.reason());
    };
  }

  private static DeadlineExceededException expired(String host) {
    return new DeadlineExceededException("resolve " + host + ": deadline exceeded");
  }

  /**
   * Ends all lookups: fibers that wait get an {@link java.nio.channels.AsynchronousCloseException}.
   * Suspends. Does nothing the second time.
   */
  @Override
  public void close() {
    questions.close();
  }

  @Override
  public String toString() {
    return "resolver, asking " + questions.inProgress() + ", knowing " + questions.known();
  }
}
