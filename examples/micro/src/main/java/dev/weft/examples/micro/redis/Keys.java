// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Values by key. */
interface Keys {
  byte @Nullable [] get(byte[] key) throws SQLException;

  void set(byte[] key, byte[] value) throws SQLException;

  /** Returns whether the key existed. */
  boolean delete(byte[] key) throws SQLException;

  long count() throws SQLException;

  void clear() throws SQLException;

  /** For commands that use no keys. */
  Keys NONE =
      new Keys() {
        @Override
        public byte @Nullable [] get(byte[] key) {
          throw new IllegalStateException("no store");
        }

        @Override
        public void set(byte[] key, byte[] value) {
          throw new IllegalStateException("no store");
        }

        @Override
        public boolean delete(byte[] key) {
          throw new IllegalStateException("no store");
        }

        @Override
        public long count() {
          throw new IllegalStateException("no store");
        }

        @Override
        public void clear() {
          throw new IllegalStateException("no store");
        }
      };
}
