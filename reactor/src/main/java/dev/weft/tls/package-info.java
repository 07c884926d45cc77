// SPDX-License-Identifier: Apache-2.0
/**
 * TLS 1.2 and 1.3 (RFC 5246, 8446) over any {@link dev.weft.io.ByteStream}, on the engine of the
 * JDK ({@link javax.net.ssl.SSLEngine}).
 *
 * <p>A {@link dev.weft.tls.TlsContext} has what sessions share: certificates, the authorities that
 * are trusted, and the sessions that can be resumed. It is made once, for clients or for servers; a
 * {@link dev.weft.tls.TlsSocket} is one session.
 *
 * <p>
 *
 * {@snippet :
 * TlsContext context = TlsContext.client(TlsOptions.defaults());
 * TcpSocket connection = TcpSocket.connect(address, deadline);
 * try (TlsSocket socket = TlsSocket.connect(connection, context, "example.org", deadline)) {
 *   socket.write(request, deadline);
 * }
 * }
 *
 * <p>The rules of {@link dev.weft} apply. In a simulation the bytes of a session differ from run to
 * run, since keys are random, but the lengths of its records do not, unless a key is of the type
 * ECDSA: signatures of those differ by a few bytes. Dates of certificates are compared with the
 * clock of the system.
 */
@NullMarked
package dev.weft.tls;

import org.jspecify.annotations.NullMarked;
