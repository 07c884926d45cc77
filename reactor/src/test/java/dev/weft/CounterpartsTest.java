// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code docs/counterparts.md} names tests that exist, and has a row for each item. */
@Tag("mode-independent")
class CounterpartsTest {
  private static final Path BASE =
      Path.of(System.getProperty("basedir", ".")).toAbsolutePath().normalize();
  private static final Path FILE = BASE.resolve("docs/counterparts.md");

  private static final Pattern NAMED = Pattern.compile("`(\\w+)#(\\w+)`");

  /** The tests of all modules: class and source. */
  private static Map<String, String> tests() throws IOException {
    Map<String, String> sources = new HashMap<>();
    for (Path module : modules()) {
      Path folder = module.resolve("src/test/java");
      if (Files.isDirectory(folder)) {
        try (Stream<Path> files = Files.walk(folder)) {
          for (Path file : files.filter(path -> path.toString().endsWith("Test.java")).toList()) {
            String name = file.getFileName().toString().replace(".java", "");
            sources.merge(name, Files.readString(file), String::concat);
          }
        }
      }
    }
    return sources;
  }

  private static List<Path> modules() throws IOException {
    Path root = BASE.getParent();
    List<Path> modules = new ArrayList<>(List.of(root.resolve("bindings"), BASE));
    modules.addAll(List.of(BASE.resolve("sim"), BASE.resolve("dns")));
    try (Stream<Path> examples = Files.list(root.resolve("examples"))) {
      modules.addAll(examples.toList());
    }
    return modules;
  }

  @Test
  void everyNamedTestExists() throws Exception {
    Map<String, String> sources = tests();
    Set<String> missing = new TreeSet<>();
    Set<String> named = new HashSet<>();
    NAMED
        .matcher(Files.readString(FILE))
        .results()
        .forEach(
            match -> {
              named.add(match.group());
              String source = sources.getOrDefault(match.group(1), "");
              if (!source.contains("void " + match.group(2) + "(")) {
                missing.add(match.group());
              }
            });
    assertEquals(Set.of(), missing);
    assertFalse(named.isEmpty());
  }

  @Test
  void everyTestOfLibdillHasARow() throws Exception {
    List<String> expected = new ArrayList<>();
    addNumbered(expected, "bundle", 13);
    addNumbered(expected, "chan", 12);
    addNumbered(expected, "choose", 16);
    addNumbered(expected, "fd", 9);
    addNumbered(expected, "go", 5);
    addNumbered(expected, "tcp", 8);
    expected.addAll(List.of("handle", "sleep", "signals", "overload", "example", "rbtree"));
    expected.addAll(List.of("threads", "threads2", "ipc 1–8", "iol", "ipaddr", "prefix"));
    expected.addAll(List.of("suffix", "term", "udp", "http", "ws", "tls", "socks5"));
    expected.add("happyeyeballs");

    List<String> lines = Files.readAllLines(FILE);
    expected.removeIf(test -> lines.stream().anyMatch(line -> hasAnswer(line, test)));

    assertEquals(List.of(), expected);
  }

  /** A star stands for the forms of one operation. */
  @Test
  void everyOperationOfIoucontextHasARow() throws Exception {
    assertEachHasARow(
        """
        iou_open iou_openat iou_open_direct iou_openat_direct iou_close iou_close_fast iou_fd_register
        iou_fd_transmute iou_fd_install iou_fd_fixed iou_fd_size iou_read iou_pread iou_preadv
        iou_write iou_pwrite iou_pwritev iou_fsync iou_fdatasync iou_fsync_range
        iou_fdatasync_range iou_sync_file_range iou_fallocate iou_ftruncate iou_fadvise iou_madvise
        iou_discard iou_splice iou_splice_offset iou_splice_all iou_tee iou_pipe iou_pipe_direct
        iou_statx iou_statxat iou_statxfd iou_exists iou_mkdir iou_rmdir iou_unlink iou_rename
        iou_exchange iou_link iou_symlink iou_getxattr iou_setxattr iou_fdopen iou_printf iou_scanf
        iou_getrandom iou_fd_setlock iou_fd_getlock iou_fd_lock_* iou_fd_unlock iou_socket
        iou_socket_direct iou_bind iou_listen iou_accept iou_accept_direct iou_connect iou_recv
        iou_recvfrom iou_send iou_sendto iou_shutdown iou_getsockopt iou_setsockopt iou_getsockname
        iou_getpeername iou_siocinq iou_siocoutq iou_spaceout iou_output iou_poll iou_epoll_*
        iou_sleep iou_sleep_absolute iou_yield iou_barrier iou_flush iou_cancel_fd_* iou_futex_*
        iou_spawn iou_waitid iou_waitpid reactor_fiber fiber_get reactor_get reactor_run
        reactor_runnable reactor_running reactor_current reactor_max_workers reactor_park
        reactor_schedule reactor_cookie* iou_mutex iou_mootex iou_semaphore iou_eventcount iou_queue
        iou_slotpool iou_ares_* iou_rustls_accept iou_rustls_connect iou_rustls_read
        iou_rustls_write iou_rustls_flush iou_rustls_shutdown iou_rustls_close
        """);
  }

  /** Its example programs, and the calls that its documentation describes. */
  @Test
  void everyProgramAndCallOfMnvkdHasARow() throws Exception {
    assertEachHasARow(
        """
        vk_test_cr vk_test_log vk_test_mem vk_test_exec vk_test_ft vk_test_ft2 vk_test_ft3 vk_test_err
        vk_test_err2 vk_test_write vk_test_read vk_test_forward vk_test_pollread vk_test_echo_*
        vk_test_http11_* vk_test_redis_* vk_signal vk_begin vk_yield vk_play vk_pause vk_call vk_wait
        vk_child vk_responder vk_accept vk_accepted vk_request vk_listen vk_respond vk_send vk_recv
        vk_raise vk_raise_at vk_finally vk_lower vk_snfault vk_get_signal vk_clear_signal vk_sigerror
        vk_set_error_ctx vk_proc_local_set_supervisor vk_calloc vk_free vk_readline vk_writef vk_flush
        vk_forward vk_hup vk_pollhup vk_readhup vk_rx_close vk_tx_close vk_rx_shutdown vk_tx_shutdown
        vk_connect privileged isolated vk_isolate
        """);
  }

  /** Each name is in the first cell of a row whose second cell names a test or says "none". */
  private static void assertEachHasARow(String names) throws IOException {
    Set<String> missing = new TreeSet<>(List.of(names.strip().split("\\s+")));
    for (String line : Files.readAllLines(FILE)) {
      String[] cells = line.split("\\|", -1);
      if (cells.length == 4 && (NAMED.matcher(cells[2]).find() || cells[2].contains("none"))) {
        missing.removeIf(name -> cells[1].contains("`" + name + "`"));
      }
    }
    assertEquals(Set.of(), missing);
  }

  private static void addNumbered(List<String> expected, String name, int count) {
    for (int number = 1; number <= count; number++) {
      expected.add(name + " " + number);
    }
  }

  /** Whether a table row names a test of ours for the item, or says why there is none. */
  private static boolean hasAnswer(String line, String test) {
    String[] cells = line.split("\\|", -1);
    return cells.length > 3
        && cells[1].strip().equals(test)
        && (NAMED.matcher(cells[3]).find() || cells[3].contains("none"));
  }
}
