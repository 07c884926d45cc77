// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Distributes sockets that come from another program over the reactors, so that each socket is
 * served, since it has a backlog or datagrams of its own, and each reactor serves each address. If
 * there are fewer sockets of an address than reactors, several share one.
 */
final class Shares {
  /** The sockets of the first reactor. */
  private final List<ListeningSockets> first = new ArrayList<>();

  /** The descriptors for each of the others. */
  private final List<List<Integer>> others = new ArrayList<>();

  private Shares() {}

  /**
   * Distributes sockets. Suspends.
   *
   * @param all those of all addresses, on the first reactor; those for others are closed here
   */
  static Shares of(List<ListeningSockets> all, int reactors) throws IOException {
    Shares shares = new Shares();
    Map<List<String>, List<ListeningSockets>> byAddress = new LinkedHashMap<>();
    for (ListeningSockets each : all) {
      byAddress.computeIfAbsent(each.readyLines(), lines -> new ArrayList<>()).add(each);
    }
    for (int reactor = 1; reactor < reactors; reactor++) {
      shares.others.add(duplicates(byAddress, reactor, reactors));
    }
    for (List<ListeningSockets> same : byAddress.values()) {
      for (int i = 0; i < same.size(); i++) {
        if (i % reactors == 0) {
          shares.first.add(same.get(i));
        } else {
          same.get(i).close();
        }
      }
    }
    return shares;
  }

  private static List<Integer> duplicates(
      Map<List<String>, List<ListeningSockets>> byAddress, int reactor, int reactors)
      throws IOException {
    List<Object> sockets = new ArrayList<>();
    for (List<ListeningSockets> same : byAddress.values()) {
      for (int i = reactor % same.size(); i < same.size(); i += reactors) {
        sockets.addAll(same.get(i).sockets());
      }
    }
    return Duplicates.of(sockets);
  }

  List<ListeningSockets> ofFirst() {
    return first;
  }

  /** The descriptors for a reactor, from 1 on; they become its own. */
  List<Integer> ofOther(int reactor) {
    return others.get(reactor - 1);
  }
}
