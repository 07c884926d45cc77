// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.analysis;

import dev.weft.weaver.Diagnostics;
import dev.weft.weaver.model.ClassTable;
import dev.weft.weaver.model.Lambda;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.CodeElement;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds calls of the JDK that block their thread. Woven code shares its thread with other strands,
 * which are blocked too.
 */
final class BlockingCalls {
  private static final String CONCURRENT = "util/concurrent/";
  private static final String BLOCKING = "dev.weft.Blocking.call";
  private static final String MUTEX = "dev.weft.sync.Mutex";
  private static final String CONDITION = "dev.weft.sync.Condition";
  private static final String BARRIER = "dev.weft.sync.Barrier";
  private static final String QUEUES =
      "dev.weft.sync.Channel, or Queue and Mailbox between threads";
  private static final String SOCKETS = "dev.weft.net";
  private static final String FILES = "dev.weft.fs.File, or " + BLOCKING;

  private static final String WARNING =
      "%s.%s blocks the thread that others run on too: use %s; if it is meant, annotate the method"
          + " with @Blocks";

  /**
   * Methods that block.
   *
   * @param type the class that declares them, by internal name; they may be overridden
   * @param names their names
   * @param instead what to use
   */
  private record Entry(String type, Set<String> names, String instead) {
    static Entry of(String type, String names, String instead) {
      return new Entry("java/" + type, Set.of(names.split(" ", -1)), instead);
    }
  }

  private static final List<Entry> TABLE =
      List.of(
          Entry.of("lang/Thread", "sleep", "dev.weft.Fiber.sleep"),
          Entry.of("lang/Thread", "join", "dev.weft.Task.join"),
          Entry.of("lang/Object", "wait", CONDITION),
          Entry.of("lang/Process", "waitFor", BLOCKING),
          Entry.of(CONCURRENT + "locks/LockSupport", "park parkNanos parkUntil", CONDITION),
          Entry.of(CONCURRENT + "locks/Lock", "lock lockInterruptibly tryLock", MUTEX),
          Entry.of(
              CONCURRENT + "locks/StampedLock",
              "readLock readLockInterruptibly tryReadLock writeLock writeLockInterruptibly"
                  + " tryWriteLock",
              MUTEX),
          Entry.of(
              CONCURRENT + "locks/Condition",
              "await awaitNanos awaitUninterruptibly awaitUntil",
              CONDITION),
          Entry.of(CONCURRENT + "CountDownLatch", "await", "dev.weft.sync.Latch"),
          Entry.of(
              CONCURRENT + "Semaphore",
              "acquire acquireUninterruptibly tryAcquire",
              "dev.weft.sync.Semaphore"),
          Entry.of(CONCURRENT + "CyclicBarrier", "await", BARRIER),
          Entry.of(
              CONCURRENT + "Phaser",
              "arriveAndAwaitAdvance awaitAdvance awaitAdvanceInterruptibly",
              BARRIER),
          Entry.of(CONCURRENT + "Exchanger", "exchange", QUEUES),
          Entry.of(CONCURRENT + "BlockingQueue", "offer poll put take", QUEUES),
          Entry.of(
              CONCURRENT + "BlockingDeque",
              "offerFirst offerLast pollFirst pollLast putFirst putLast takeFirst takeLast",
              QUEUES),
          Entry.of(CONCURRENT + "TransferQueue", "transfer tryTransfer", QUEUES),
          Entry.of(CONCURRENT + "Future", "get", "dev.weft.Task.join, or " + BLOCKING),
          Entry.of(CONCURRENT + "CompletableFuture", "join", BLOCKING),
          Entry.of(CONCURRENT + "ForkJoinTask", "invoke invokeAll join", BLOCKING),
          Entry.of(
              CONCURRENT + "ExecutorService",
              "awaitTermination close invokeAll invokeAny",
              "dev.weft.Bundle, or " + BLOCKING),
          Entry.of("nio/channels/Selector", "select", SOCKETS),
          Entry.of("net/InetAddress", "getAllByName getByName getLocalHost", BLOCKING),
          Entry.of("net/Socket", "<init> connect", SOCKETS),
          Entry.of("net/ServerSocket", "accept", SOCKETS),
          Entry.of("net/DatagramSocket", "receive", BLOCKING),
          Entry.of("nio/channels/SocketChannel", "connect open", SOCKETS),
          Entry.of("nio/channels/ServerSocketChannel", "accept", SOCKETS),
          Entry.of("nio/channels/FileChannel", "open", FILES),
          Entry.of("io/FileInputStream", "<init>", FILES),
          Entry.of("io/FileOutputStream", "<init>", FILES),
          Entry.of("io/FileReader", "<init>", FILES),
          Entry.of("io/FileWriter", "<init>", FILES),
          Entry.of("io/RandomAccessFile", "<init>", FILES),
          Entry.of(
              "nio/file/Files",
              "copy lines newBufferedReader newBufferedWriter newByteChannel newInputStream"
                  + " newOutputStream readAllBytes readAllLines readString write writeString",
              FILES),
          Entry.of("net/http/HttpClient", "send", BLOCKING),
          Entry.of("sql/DriverManager", "getConnection", BLOCKING),
          Entry.of("sql/Statement", "execute executeBatch executeQuery executeUpdate", BLOCKING));

  /** Of methods with and without a timeout, those that block only with one. */
  private static final Set<String> TIMED =
      Set.of(
          "offer",
          "poll",
          "offerFirst",
          "offerLast",
          "pollFirst",
          "pollLast",
          "tryAcquire",
          "tryLock",
          "tryReadLock",
          "tryWriteLock",
          "tryTransfer");

  private static final String TIME_UNIT = "Ljava/util/concurrent/TimeUnit;";

  /** Without an address the socket is not connected. */
  private static final Set<String> UNCONNECTED =
      Set.of("java/net/Socket.<init>()V", "java/net/Socket.<init>(Ljava/net/Proxy;)V");

  private BlockingCalls() {}

  /**
   * Warns of blocking calls in {@code method}, which is woven, unless it is annotated with Blocks.
   */
  static void check(MethodInfo method, Diagnostics problems) {
    List<CodeElement> code = method.code();
    for (int i = 0; i < code.size(); i++) {
      if (code.get(i) instanceof InvokeInstruction call) {
        Entry entry = find(method.owner.table, call);
        if (entry != null && !isMeant(method, new HashSet<>())) {
          String name = call.name().stringValue().replace(Names.CONSTRUCTOR, "new");
          problems.warn(
              method.at(i), WARNING.formatted(Names.external(entry.type), name, entry.instead));
        }
      }
    }
  }

  private static @Nullable Entry find(ClassTable table, InvokeInstruction call) {
    String name = call.name().stringValue();
    String type = call.type().stringValue();
    String owner = call.owner().asInternalName();
    if (owner.startsWith("[") || (TIMED.contains(name) && !type.contains(TIME_UNIT))) {
      return null;
    }
    for (Entry entry : TABLE) {
      if (entry.names.contains(name)
          && table.isA(owner, entry.type)
          && isOfJdk(table, owner, MethodInfo.key(name, type))
          && !UNCONNECTED.contains(owner + '.' + name + type)) {
        return entry;
      }
    }
    return null;
  }

  /** Whether the called method is the JDK's own; methods of the program are checked themselves. */
  private static boolean isOfJdk(ClassTable table, String owner, String key) {
    MethodInfo target = table.resolve(owner, key);
    return ClassTable.isOfJdk(target == null ? owner : target.owner.name);
  }

  private static boolean isMeant(MethodInfo method, Set<MethodInfo> seen) {
    return seen.add(method)
        && (isAnnotated(method.owner.model)
            || isAnnotated(method.model)
            || method.owner.methods().stream()
                .anyMatch(each -> isLambdaIn(method, each) && isMeant(each, seen)));
  }

  /**
   * Whether {@code lambda} is the body of a lambda in {@code method}; each compiler names these
   * differently.
   */
  private static boolean isLambdaIn(MethodInfo lambda, MethodInfo method) {
    return lambda.name.indexOf('$') >= 0
        && method.code().stream()
            .map(Lambda::madeBy)
            .anyMatch(made -> made != null && made.target(lambda.owner.table) == lambda);
  }

  private static boolean isAnnotated(AttributedElement element) {
    return element.findAttribute(Attributes.runtimeInvisibleAnnotations()).stream()
        .flatMap(found -> found.annotations().stream())
        .anyMatch(annotation -> annotation.classSymbol().equals(Names.BLOCKS));
  }
}
