// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

/** Where signals come from: the process, or a simulation. Signals go by name, without "SIG". */
public interface SignalSource {
  /** Those that the process gets. */
  SignalSource PROCESS =
      new SignalSource() {
        @Override
        public void add(String name, SignalDispatch.Listener listener) {
          SignalDispatch.add(name, listener);
        }

        @Override
        public void remove(String name, SignalDispatch.Listener listener) {
          SignalDispatch.remove(name, listener);
        }
      };

  /** Tells {@code listener} of each. Throws IllegalArgumentException if it can't be caught. */
  void add(String name, SignalDispatch.Listener listener);

  /** Does nothing if {@code listener} was not added. */
  void remove(String name, SignalDispatch.Listener listener);
}
