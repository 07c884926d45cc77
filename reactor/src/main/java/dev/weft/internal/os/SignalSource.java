// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

/** The source of signals: the process, or a simulation. Names of signals are without "SIG". */
public interface SignalSource {
  /** The signals of the process. */
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

  /** Adds a listener. Throws IllegalArgumentException if the signal can't be caught. */
  void add(String name, SignalDispatch.Listener listener);

  /** Removes a listener. Does nothing if it was not added. */
  void remove(String name, SignalDispatch.Listener listener);
}
