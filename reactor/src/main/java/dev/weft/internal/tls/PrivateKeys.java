// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.util.HexFormat;
import java.util.Map;

/** Reads private keys. The JDK knows PKCS#8 alone, so the older forms are wrapped in it. */
final class PrivateKeys {
  private static final byte[] RSA = HexFormat.of().parseHex("2a864886f70d010101");
  private static final byte[] EC = HexFormat.of().parseHex("2a8648ce3d0201");

  /** The names of the JDK, by the content of an object identifier (RFC 8410, 5480, 8017). */
  private static final Map<String, String> ALGORITHMS =
      Map.of(
          "2a864886f70d010101", "RSA",
          "2a864886f70d01010a", "RSASSA-PSS",
          "2a8648ce3d0201", "EC",
          "2b6570", "Ed25519",
          "2b6571", "Ed448");

  private static final byte[] VERSION_0 = Der.value(Der.INTEGER, new byte[1]);
  private static final byte[] NULL = {5, 0};

  /** The tag of a key's curve in RFC 5915: context-specific, constructed, number 0. */
  private static final int PARAMETERS = 0xa0;

  private PrivateKeys() {}

  /** A key in PKCS#8 (RFC 5958). */
  static PrivateKey pkcs8(byte[] der) throws GeneralSecurityException {
    Der key = new Der(der).enter(Der.SEQUENCE);
    key.enter(Der.INTEGER);
    String identifier =
        HexFormat.of().formatHex(key.enter(Der.SEQUENCE).enter(Der.OBJECT_IDENTIFIER).rest());
    String algorithm = ALGORITHMS.get(identifier);
    if (algorithm == null) {
      throw new NoSuchAlgorithmException("its algorithm is not supported: object " + identifier);
    }
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
  }

  /** A key of an elliptic curve (RFC 5915, SEC 1), which has to name its curve. */
  static PrivateKey sec1(byte[] der) throws GeneralSecurityException {
    Der key = new Der(der).enter(Der.SEQUENCE);
    key.enter(Der.INTEGER);
    key.enter(Der.OCTET_STRING);
    if (!key.hasMore() || key.tag() != PARAMETERS) {
      throw new InvalidKeyException("it does not name its curve");
    }
    byte[] curve = key.enter(PARAMETERS).rest();
    return wrapped(EC, curve, der);
  }

  /** An RSA key in PKCS#1 (RFC 8017, A.1.2). */
  static PrivateKey pkcs1(byte[] der) throws GeneralSecurityException {
    new Der(der).enter(Der.SEQUENCE);
    return wrapped(RSA, NULL, der);
  }

  private static PrivateKey wrapped(byte[] algorithm, byte[] parameters, byte[] key)
      throws GeneralSecurityException {
    byte[] identifier = Der.value(Der.OBJECT_IDENTIFIER, algorithm);
    return pkcs8(
        Der.value(
            Der.SEQUENCE,
            VERSION_0,
            Der.value(Der.SEQUENCE, identifier, parameters),
            Der.value(Der.OCTET_STRING, key)));
  }

  /** Whether the two belong together: what the one signs the other verifies. */
  static boolean match(PrivateKey privateKey, PublicKey publicKey) throws GeneralSecurityException {
    if (!privateKey.getAlgorithm().equals(publicKey.getAlgorithm())) {
      return false;
    }
    byte[] message = new byte[32];
    Signature signing = signature(privateKey.getAlgorithm());
    signing.initSign(privateKey);
    signing.update(message);
    byte[] signed = signing.sign();
    Signature verifying = signature(privateKey.getAlgorithm());
    verifying.initVerify(publicKey);
    verifying.update(message);
    try {
      return verifying.verify(signed);
    } catch (SignatureException e) {
      return false; // its length is that of another key
    }
  }

  private static Signature signature(String algorithm) throws GeneralSecurityException {
    String name =
        switch (algorithm) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> algorithm;
        };
    Signature signature = Signature.getInstance(name);
    if (name.equals("RSASSA-PSS")) {
      signature.setParameter(
          new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
    }
    return signature;
  }
}
