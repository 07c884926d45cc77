// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Chooses among several identities: as a server by the name that the client asks for (SNI, RFC
 * 6066), as a client by what the server accepts. The aliases of JSSE are indices.
 */
public final class IdentityChooser extends X509ExtendedKeyManager {
  private final List<Identity> identities;

  public IdentityChooser(List<Identity> identities) {
    this.identities = List.copyOf(identities);
  }

  /**
   * JSSE asks for one key type after the other until it gets an alias. If there are certificates
   * for the name, one of these is chosen, or none; otherwise the first one of the type.
   */
  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    String host = requestedHost(engine);
    if (host != null && identities.stream().anyMatch(identity -> identity.isFor(host))) {
      return first(keyType, issuers, host);
    }
    return first(keyType, issuers, null);
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, SSLEngine engine) {
    for (String keyType : keyTypes) {
      String alias = first(keyType, issuers, null);
      if (alias != null) {
        return alias;
      }
    }
    return null;
  }

  private static @Nullable String requestedHost(SSLEngine engine) {
    if (engine.getHandshakeSession() instanceof ExtendedSSLSession session) {
      for (SNIServerName name : session.getRequestedServerNames()) {
        if (name instanceof SNIHostName host) {
          return host.getAsciiName();
        }
      }
    }
    return null;
  }

  private @Nullable String first(
      String keyType, Principal @Nullable [] issuers, @Nullable String host) {
    for (int i = 0; i < identities.size(); i++) {
      if (isSuitable(identities.get(i), keyType, issuers, host)) {
        return Integer.toString(i);
      }
    }
    return null;
  }

  private static boolean isSuitable(
      Identity identity, String keyType, Principal @Nullable [] issuers, @Nullable String host) {
    return identity.isOf(keyType)
        && (host == null || identity.isFor(host))
        && isFromAny(identity, issuers);
  }

  /** Whether one of the issuers has signed a certificate of the chain; none means that all will. */
  private static boolean isFromAny(Identity identity, Principal @Nullable [] issuers) {
    if (issuers == null || issuers.length == 0) {
      return true;
    }
    List<Principal> accepted = Arrays.asList(issuers);
    return identity.chain().stream()
        .anyMatch(certificate -> accepted.contains(certificate.getIssuerX500Principal()));
  }

  private Identity at(String alias) {
    return identities.get(Integer.parseInt(alias));
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return at(alias).chain().toArray(new X509Certificate[0]);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return at(alias).key();
  }

  // ---- what JSSE calls for sockets of its own

  @Override
  public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return aliases(keyType, issuers);
  }

  @Override
  public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return aliases(keyType, issuers);
  }

  private String[] aliases(String keyType, Principal @Nullable [] issuers) {
    List<String> aliases = new ArrayList<>();
    for (int i = 0; i < identities.size(); i++) {
      if (isSuitable(identities.get(i), keyType, issuers, null)) {
        aliases.add(Integer.toString(i));
      }
    }
    return aliases.toArray(new String[0]);
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    for (String keyType : keyTypes) {
      String alias = first(keyType, issuers, null);
      if (alias != null) {
        return alias;
      }
    }
    return null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return first(keyType, issuers, null);
  }
}
