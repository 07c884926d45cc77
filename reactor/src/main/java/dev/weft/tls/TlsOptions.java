// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the sessions of a {@link TlsContext} are like. Immutable; may be used by any thread. */
public final class TlsOptions {
  private static final int PROTOCOL_BYTES_MAX = 255;
  private static final TlsOptions DEFAULTS = new TlsOptions();

  private List<CertifiedKey> keys = List.of();
  private @Nullable TrustStore trust;
  private Set<TlsVersion> versions = EnumSet.allOf(TlsVersion.class);
  private List<String> applicationProtocols = List.of();
  private ClientAuthentication clientAuthentication = ClientAuthentication.NONE;
  private boolean hostNameChecked = true;
  private int sessions = 20_480;
  private Duration sessionLifetime = Duration.ofDays(1);

  private TlsOptions() {}

  private TlsOptions(TlsOptions other) {
    keys = other.keys;
    trust = other.trust;
    versions = other.versions;
    applicationProtocols = other.applicationProtocols;
    clientAuthentication = other.clientAuthentication;
    hostNameChecked = other.hostNameChecked;
    sessions = other.sessions;
    sessionLifetime = other.sessionLifetime;
  }

  /**
   * {@return options without a key, for TLS 1.2 and 1.3, with the trust of the system: a client
   * checks the server's certificate and its name}
   */
  public static TlsOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Adds a key. A server chooses by the name that the client asks for (SNI): a key whose
   * certificate has the name, otherwise the first one that the client can use. A client uses the
   * first one that the server accepts, if the server asks.
   *
   * @param key a key with its certificates
   * @return options with that key after the others
   */
  public TlsOptions withKey(CertifiedKey key) {
    TlsOptions options = new TlsOptions(this);
    List<CertifiedKey> more = new ArrayList<>(keys);
    more.add(key);
    options.keys = List.copyOf(more);
    return options;
  }

  /** {@return the keys, in the order in which they were added} */
  public List<CertifiedKey> keys() {
    return keys;
  }

  /**
   * Sets whom to trust.
   *
   * @param authorities what the certificates of peers are checked against
   * @return options with that trust
   */
  public TlsOptions withTrust(TrustStore authorities) {
    TlsOptions options = new TlsOptions(this);
    options.trust = authorities;
    return options;
  }

  /** {@return whom to trust; empty if that has not been set} */
  public Optional<TrustStore> trust() {
    return Optional.ofNullable(trust);
  }

  /**
   * Sets the versions that are spoken.
   *
   * @param lowest the lowest version
   * @param highest the highest version
   * @return options with these versions and those between them
   */
  public TlsOptions withVersions(TlsVersion lowest, TlsVersion highest) {
    if (lowest.compareTo(highest) > 0) {
      throw new IllegalArgumentException(lowest + " is higher than " + highest);
    }
    TlsOptions options = new TlsOptions(this);
    options.versions = EnumSet.range(lowest, highest);
    return options;
  }

  /** {@return the versions that are spoken} */
  public Set<TlsVersion> versions() {
    return Set.copyOf(versions);
  }

  /**
   * Sets the application protocols (ALPN, RFC 7301). A server with any refuses a client that offers
   * others only; a client that offers none is accepted.
   *
   * @param protocols their names, such as {@code h2} and {@code http/1.1}, the preferred one first;
   *     each from 1 to 255 characters of ISO 8859-1
   * @return options with these protocols
   */
  public TlsOptions withApplicationProtocols(String... protocols) {
    for (String protocol : protocols) {
      if (protocol.isEmpty()
          || protocol.length() > PROTOCOL_BYTES_MAX
          || protocol.chars().anyMatch(c -> c > 0xff)) {
        throw new IllegalArgumentException(
            "an application protocol has from 1 to 255 bytes: " + protocol);
      }
    }
    TlsOptions options = new TlsOptions(this);
    options.applicationProtocols = List.of(protocols);
    return options;
  }

  /** {@return the application protocols, the preferred one first} */
  public List<String> applicationProtocols() {
    return applicationProtocols;
  }

  /**
   * Sets whether a server asks its clients for certificates, which needs {@link #withTrust}.
   *
   * @param authentication whether it asks
   * @return options with that
   */
  public TlsOptions withClientAuthentication(ClientAuthentication authentication) {
    TlsOptions options = new TlsOptions(this);
    options.clientAuthentication = authentication;
    return options;
  }

  /** {@return whether a server asks its clients for certificates} */
  public ClientAuthentication clientAuthentication() {
    return clientAuthentication;
  }

  /**
   * Makes a client accept a server whose certificate is for another host. Any holder of a
   * certificate of a trusted authority can then pose as the server: for authorities of one's own.
   *
   * @return options without the check; the certificate is checked as before
   */
  public TlsOptions withoutHostNameCheck() {
    TlsOptions options = new TlsOptions(this);
    options.hostNameChecked = false;
    return options;
  }

  /** {@return whether a client checks that the server's certificate is for its host} */
  public boolean isHostNameChecked() {
    return hostNameChecked;
  }

  /**
   * Sets which sessions are kept to be resumed, which saves most of the handshake. A server keeps
   * none for clients that keep them themselves, by tickets (RFC 5077, 8446).
   *
   * @param most how many sessions are kept, at least 1
   * @param lifetime how long, at least a second, rounded down to seconds
   * @return options with these limits
   */
  public TlsOptions withSessions(int most, Duration lifetime) {
    if (most < 1) {
      throw new IllegalArgumentException("at least 1 session must be kept: " + most);
    }
    if (lifetime.toSeconds() < 1 || lifetime.toSeconds() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a session must be kept for a second or more: " + lifetime);
    }
    TlsOptions options = new TlsOptions(this);
    options.sessions = most;
    options.sessionLifetime = lifetime;
    return options;
  }

  /** {@return how many sessions are kept to be resumed} */
  public int sessions() {
    return sessions;
  }

  /** {@return how long sessions are kept to be resumed} */
  public Duration sessionLifetime() {
    return sessionLifetime;
  }
}
