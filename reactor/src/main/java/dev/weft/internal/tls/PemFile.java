// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A file of PEM blocks (RFC 7468). Text outside of blocks is ignored. */
public final class PemFile {
  private static final Pattern BEGIN = Pattern.compile("-----BEGIN ([A-Z0-9 #]+)-----");
  private static final String CERTIFICATE = "CERTIFICATE";

  /** The mark of OpenSSL's older encryption of keys (RFC 1421). */
  private static final String ENCRYPTED_HEADER = "Proc-Type: 4,ENCRYPTED";

  private static final String DECRYPT = " is encrypted; decrypt it, with openssl pkey for example";

  /** One block: {@code line} is that of its beginning. */
  private record Block(String label, int line, String text) {}

  private final Path path;
  private final List<Block> blocks = new ArrayList<>();

  private PemFile(Path path) {
    this.path = path;
  }

  /**
   * Reads a file. Blocks the thread.
   *
   * @throws IOException if it can't be read, or is not PEM: with its name and the cause
   */
  public static PemFile read(Path path) throws IOException {
    PemFile file = new PemFile(path);
    file.split(file.text());
    return file;
  }

  private String text() throws IOException {
    try {
      return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new IOException(path + ": no such file", e);
    } catch (AccessDeniedException e) {
      throw new IOException(path + ": permission denied", e);
    } catch (IOException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    }
  }

  private void split(String text) throws IOException {
    String[] lines = text.split("\\R", -1);
    for (int i = 0; i < lines.length; i++) {
      Matcher begin = BEGIN.matcher(lines[i].strip());
      if (begin.matches()) {
        i = addBlock(begin.group(1), lines, i);
      }
    }
  }

  /** Adds the block that begins in line {@code first}; returns the index of its last line. */
  private int addBlock(String label, String[] lines, int first) throws IOException {
    String end = "-----END " + label + "-----";
    StringBuilder body = new StringBuilder();
    for (int i = first + 1; i < lines.length; i++) {
      String line = lines[i].strip();
      if (line.equals(end)) {
        blocks.add(new Block(label, first + 1, body.toString()));
        return i;
      }
      if (line.startsWith("-----")) {
        break;
      }
      body.append(line).append('\n');
    }
    throw new IOException(path + ": line " + (first + 1) + ": no " + end + " after it");
  }

  /**
   * The certificates, in the order of the file.
   *
   * @throws IOException if there are none, or one can't be parsed
   */
  public List<X509Certificate> certificates() throws IOException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : blocks) {
      if (block.label.equals(CERTIFICATE)) {
        certificates.add(certificate(block));
      }
    }
    if (certificates.isEmpty()) {
      throw new IOException(path + ": there is no certificate in it");
    }
    return List.copyOf(certificates);
  }

  private X509Certificate certificate(Block block) throws IOException {
    byte[] bytes = decode(block);
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(bytes));
    } catch (CertificateException e) {
      throw bad(block, "can't be parsed: " + e.getMessage(), e);
    }
  }

  /**
   * The private key: in PKCS#8, in the form of RFC 5915 (SEC 1) or of PKCS#1.
   *
   * @throws IOException if there is none or more than one, or it can't be parsed
   */
  public PrivateKey privateKey() throws IOException {
    List<Block> keys =
        blocks.stream().filter(block -> block.label.endsWith("PRIVATE KEY")).toList();
    if (keys.isEmpty()) {
      throw new IOException(path + ": there is no private key in it");
    }
    if (keys.size() > 1) {
      throw bad(keys.get(1), "is the second one in the file", null);
    }
    Block block = keys.getFirst();
    if (block.label.startsWith("ENCRYPTED") || block.text.startsWith(ENCRYPTED_HEADER)) {
      throw new IOException(path + ": the private key" + DECRYPT);
    }
    byte[] bytes = decode(block);
    try {
      return switch (block.label) {
        case "PRIVATE KEY" -> PrivateKeys.pkcs8(bytes);
        case "EC PRIVATE KEY" -> PrivateKeys.sec1(bytes);
        case "RSA PRIVATE KEY" -> PrivateKeys.pkcs1(bytes);
        default -> throw new GeneralSecurityException("this kind of key is not supported");
      };
    } catch (GeneralSecurityException e) {
      throw bad(block, "can't be parsed: " + e.getMessage(), e);
    }
  }

  private byte[] decode(Block block) throws IOException {
    try {
      return Base64.getDecoder().decode(block.text.replace("\n", ""));
    } catch (IllegalArgumentException e) {
      throw bad(block, "is not in Base64", e);
    }
  }

  private IOException bad(Block block, String why, @Nullable Exception cause) {
    return new IOException(
        path + ": line " + block.line + ": the " + block.label + " " + why, cause);
  }
}
