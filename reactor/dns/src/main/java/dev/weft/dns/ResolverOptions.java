// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/**
 * Settings of a resolver. Immutable; start from {@link #defaults}. What is not set here is as the
 * files say (resolv.conf(5)).
 */
public final class ResolverOptions {
  private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");
  private static final Path HOSTS = Path.of("/etc/hosts");
  private static final int ATTEMPTS_MAX = 100;
  private static final int NDOTS_MAX = 15;
  private static final int QUERIES_MAX = 1 << 16;
  private static final int QUERIES_DEFAULT = 256;
  private static final long CACHE_BYTES_DEFAULT = 8 << 20;
  private static final Duration TIMEOUT_MAX = Duration.ofMinutes(10);

  /** Unpredictable, as the ids of queries must be; it may be used by any thread. */
  private static final RandomGenerator SECURE = new SecureRandom();

  // Written by the with-methods before they return the object.
  private List<InetSocketAddress> servers = List.of();
  private @Nullable List<Name> search;
  private int ndots = -1;
  private @Nullable Duration timeout;
  private int attempts;
  private @Nullable Boolean rotate;
  private boolean edns = true;
  private boolean tcpOnly;
  private Path resolvConf = RESOLV_CONF;
  private Path hosts = HOSTS;
  private long cacheBytes = CACHE_BYTES_DEFAULT;
  private int queriesMax = QUERIES_DEFAULT;
  private RandomGenerator random = SECURE;

  private ResolverOptions() {}

  private ResolverOptions copy() {
    ResolverOptions copy = new ResolverOptions();
    copy.servers = servers;
    copy.search = search;
    copy.ndots = ndots;
    copy.timeout = timeout;
    copy.attempts = attempts;
    copy.rotate = rotate;
    copy.edns = edns;
    copy.tcpOnly = tcpOnly;
    copy.resolvConf = resolvConf;
    copy.hosts = hosts;
    copy.cacheBytes = cacheBytes;
    copy.queriesMax = queriesMax;
    copy.random = random;
    return copy;
  }

  /**
   * {@return the options of {@link Resolver#open()}} They are: servers, search domains, timeout and
   * attempts of {@code /etc/resolv.conf}, hosts of {@code /etc/hosts}, EDNS, a cache of 8 MiB, and
   * 256 queries at once.
   */
  public static ResolverOptions defaults() {
    return new ResolverOptions();
  }

  /**
   * {@return these options with other name servers}
   *
   * @param servers addresses and ports, in the order in which they are asked; none for those of
   *     resolv.conf
   * @throws IllegalArgumentException if one is not resolved
   */
  public ResolverOptions withServers(List<InetSocketAddress> servers) {
    for (InetSocketAddress server : servers) {
      if (server.isUnresolved() || server.getPort() == 0) {
        throw new IllegalArgumentException("a name server needs an address and a port: " + server);
      }
    }
    ResolverOptions changed = copy();
    changed.servers = List.copyOf(servers);
    return changed;
  }

  /**
   * {@return these options with other search domains}
   *
   * @param domains what is appended to names, one after the other; may be empty
   * @throws IllegalArgumentException if one is no domain name
   */
  public ResolverOptions withSearch(List<String> domains) {
    List<Name> names = new ArrayList<>();
    for (String domain : domains) {
      try {
        names.add(Name.fromString(domain, Name.root));
      } catch (TextParseException e) {
        throw new IllegalArgumentException("not a domain name: " + domain, e);
      }
    }
    ResolverOptions changed = copy();
    changed.search = List.copyOf(names);
    return changed;
  }

  /**
   * {@return these options with another number of dots}
   *
   * @param ndots with so many dots or more, a name is tried as it is before search domains are
   *     appended; 0 to 15
   */
  public ResolverOptions withNdots(int ndots) {
    checkRange("ndots", ndots, 0, NDOTS_MAX);
    ResolverOptions changed = copy();
    changed.ndots = ndots;
    return changed;
  }

  /**
   * {@return these options with another timeout}
   *
   * @param timeout how long to wait for the answer of a server, up to ten minutes; twice as long
   *     with each further attempt
   */
  public ResolverOptions withTimeout(Duration timeout) {
    if (!timeout.isPositive() || timeout.compareTo(TIMEOUT_MAX) > 0) {
      throw new IllegalArgumentException("timeout must be up to 10 minutes: " + timeout);
    }
    ResolverOptions changed = copy();
    changed.timeout = timeout;
    return changed;
  }

  /**
   * {@return these options with another number of attempts}
   *
   * @param attempts how often each server is asked, as long as servers are silent; 1 to 100
   */
  public ResolverOptions withAttempts(int attempts) {
    checkRange("attempts", attempts, 1, ATTEMPTS_MAX);
    ResolverOptions changed = copy();
    changed.attempts = attempts;
    return changed;
  }

  /**
   * {@return these options with rotation on or off}
   *
   * @param rotate whether questions go to one server after the other, and not all to the first
   */
  public ResolverOptions withRotate(boolean rotate) {
    ResolverOptions changed = copy();
    changed.rotate = rotate;
    return changed;
  }

  /**
   * {@return these options with EDNS on or off}
   *
   * @param edns whether queries announce that datagrams of up to 1232 bytes are accepted (RFC
   *     6891); a server that does not know this is asked again without
   */
  public ResolverOptions withEdns(boolean edns) {
    ResolverOptions changed = copy();
    changed.edns = edns;
    return changed;
  }

  /**
   * {@return these options with TCP for all queries, or for long answers only}
   *
   * @param tcpOnly whether UDP is not used
   */
  public ResolverOptions withTcpOnly(boolean tcpOnly) {
    ResolverOptions changed = copy();
    changed.tcpOnly = tcpOnly;
    return changed;
  }

  /**
   * {@return these options with another configuration file}
   *
   * @param file in the format of resolv.conf(5), at most 64 KiB; if it does not exist, the name
   *     server of this machine is asked
   */
  public ResolverOptions withResolvConf(Path file) {
    ResolverOptions changed = copy();
    changed.resolvConf = Objects.requireNonNull(file, "file");
    return changed;
  }

  /**
   * {@return these options with another table of hosts}
   *
   * @param file in the format of hosts(5), at most 32 MiB; it need not exist
   */
  public ResolverOptions withHosts(Path file) {
    ResolverOptions changed = copy();
    changed.hosts = Objects.requireNonNull(file, "file");
    return changed;
  }

  /**
   * {@return these options with another size of the cache}
   *
   * @param bytes about how much memory answers take that are kept; 0 to keep none
   */
  public ResolverOptions withCacheBytes(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("the cache can't have a negative size: " + bytes);
    }
    ResolverOptions changed = copy();
    changed.cacheBytes = bytes;
    return changed;
  }

  /**
   * {@return these options with another number of queries}
   *
   * @param queriesMax how many are under way at once, each with a socket and 5 KiB of memory; 1 to
   *     65536. Further questions wait
   */
  public ResolverOptions withQueriesMax(int queriesMax) {
    checkRange("queriesMax", queriesMax, 1, QUERIES_MAX);
    ResolverOptions changed = copy();
    changed.queriesMax = queriesMax;
    return changed;
  }

  /** For tests that have to be repeatable. */
  ResolverOptions withRandom(RandomGenerator random) {
    ResolverOptions changed = copy();
    changed.random = random;
    return changed;
  }

  private static void checkRange(String what, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          what + " must be from " + min + " to " + max + ": " + value);
    }
  }

  List<InetSocketAddress> servers() {
    return servers;
  }

  @Nullable List<Name> search() {
    return search;
  }

  int ndots() {
    return ndots;
  }

  @Nullable Duration timeout() {
    return timeout;
  }

  int attempts() {
    return attempts;
  }

  @Nullable Boolean rotate() {
    return rotate;
  }

  boolean edns() {
    return edns;
  }

  boolean tcpOnly() {
    return tcpOnly;
  }

  Path resolvConf() {
    return resolvConf;
  }

  Path hosts() {
    return hosts;
  }

  long cacheBytes() {
    return cacheBytes;
  }

  int queriesMax() {
    return queriesMax;
  }

  RandomGenerator random() {
    return random;
  }
}
