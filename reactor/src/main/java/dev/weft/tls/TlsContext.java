// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import dev.weft.internal.tls.IdentityChooser;
import dev.weft.internal.tls.TaskTimes;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * What the sessions of clients, or of a server, have in common: keys, trust, and the sessions that
 * can be resumed. Immutable; may be used by any thread, and by several reactors.
 */
public final class TlsContext {
  private final TlsOptions options;
  private final boolean ofClients;
  private final SSLContext context;
  private final String[] protocols;

  /** How long the tasks of handshakes take. */
  final TaskTimes times = new TaskTimes();

  private TlsContext(TlsOptions options, boolean ofClients, @Nullable TrustStore trust) {
    this.options = options;
    this.ofClients = ofClients;
    protocols =
        options.versions().stream().map(TlsVersion::standardName).sorted().toArray(String[]::new);
    context = context(options, trust);
    SSLSessionContext sessions =
        ofClients ? context.getClientSessionContext() : context.getServerSessionContext();
    sessions.setSessionCacheSize(options.sessions());
    sessions.setSessionTimeout((int) options.sessionLifetime().toSeconds());
  }

  private static SSLContext context(TlsOptions options, @Nullable TrustStore trust) {
    KeyManager keys =
        new IdentityChooser(options.keys().stream().map(CertifiedKey::identity).toList());
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          new KeyManager[] {keys}, trust == null ? new TrustManager[0] : trust.managers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK has no TLS", e);
    }
  }

  /**
   * Makes a context for clients. Blocks the thread if the trust of the system has to be read, for
   * some ten milliseconds.
   *
   * @param options how sessions are; without {@link TlsOptions#withTrust} clients trust {@link
   *     TrustStore#system}
   * @return a context for {@link TlsSocket#connect}
   * @throws IOException if the system's authorities can't be read
   */
  public static TlsContext client(TlsOptions options) throws IOException {
    Optional<TrustStore> trust = options.trust();
    return new TlsContext(options, true, trust.isPresent() ? trust.get() : TrustStore.system());
  }

  /**
   * Makes a context for a server.
   *
   * @param options how sessions are, with at least one key
   * @return a context for {@link TlsSocket#accept}
   * @throws IllegalArgumentException if there is no key, or if clients are asked for certificates
   *     and there is no trust to check them
   */
  public static TlsContext server(TlsOptions options) {
    if (options.keys().isEmpty()) {
      throw new IllegalArgumentException("a server needs a key with a certificate");
    }
    TrustStore trust = options.trust().orElse(null);
    if (options.clientAuthentication() != ClientAuthentication.NONE && trust == null) {
      throw new IllegalArgumentException(
          "whom to trust must be set for a server that asks clients for certificates");
    }
    return new TlsContext(options, false, trust);
  }

  /** {@return the options} */
  public TlsOptions options() {
    return options;
  }

  private void require(boolean client) {
    if (ofClients != client) {
      throw new IllegalArgumentException(
          ofClients ? "the context is for clients" : "the context is for a server");
    }
  }

  /** An engine for a session with the server {@code host}, whose port is -1 if it is unknown. */
  SSLEngine clientEngine(String host, int port) {
    require(true);
    // A name may end with a dot, which belongs neither to the indication nor to certificates.
    String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    SSLEngine engine = context.createSSLEngine(name, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = parameters(engine);
    if (name.isEmpty() || !isAddress(name)) {
      parameters.setServerNames(List.of(serverName(name)));
    }
    if (options.isHostNameChecked()) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
    }
    engine.setSSLParameters(parameters);
    return engine;
  }

  SSLEngine serverEngine() {
    require(false);
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = parameters(engine);
    switch (options.clientAuthentication()) {
      case NONE -> {}
      case WANTED -> parameters.setWantClientAuth(true);
      case NEEDED -> parameters.setNeedClientAuth(true);
    }
    engine.setSSLParameters(parameters);
    return engine;
  }

  private SSLParameters parameters(SSLEngine engine) {
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(protocols);
    parameters.setApplicationProtocols(options.applicationProtocols().toArray(String[]::new));
    return parameters;
  }

  private static SNIHostName serverName(String host) {
    try {
      return new SNIHostName(host);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("not the name or the address of a host: " + host, e);
    }
  }

  /** Whether a host is named by its address, which is not sent (RFC 6066, 3). */
  private static boolean isAddress(String host) {
    return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
  }
}
