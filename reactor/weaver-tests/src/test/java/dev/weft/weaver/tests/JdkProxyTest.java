// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.routine.Routine;
import dev.weft.weaver.tests.Woven.Run;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Proxies of the JDK for woven interfaces: their handlers see only the methods of the source. */
class JdkProxyTest {
  private static final String SERVICE =
      """
      package p;
      import dev.weft.routine.Routine;
      public class Service {
        public static final StringBuilder LOG = new StringBuilder();
        public static void say(Object what) { LOG.append(what).append(' '); }
        public interface Greeter<T> {
          String greet(T name, long number, byte small, double large);
          int last(int x);
          default void nothing() { Routine.suspend(); say("nothing"); }
        }
        public static class Real implements Greeter<String> {
          @Override public String greet(String name, long number, byte small, double large) {
            say("before"); Routine.suspend(); say("after");
            return name + number + small + large;
          }
          @Override public int last(int x) { Routine.suspend(); return x; }
        }
        static int tail(Greeter<String> greeter) { return greeter.last(7); }
        public static void use(Greeter<String> greeter) {
          int before = 5;
          say(before + greeter.greet("a", 2L, (byte) 3, 4.5) + before);
          for (int i = 0; i < 2; i++) { say(greeter.last(i)); }
          say(tail(greeter));
          Use<String> use = greeter::greet;
          say(use.use("b", 6L, (byte) 7, 8.5));
          greeter.nothing();
        }
        public interface Use<T> { String use(T name, long number, byte small, double large); }
      }
      """;

  private static final String MAIN =
      """
      package p;
      public class Main extends dev.weft.routine.Routine {
        public static Service.Greeter<String> greeter;
        @Override protected void run() { Service.use(greeter); }
      }
      """;

  private static final String UNWOVEN =
      """
      package q;
      import java.lang.reflect.InvocationHandler;
      import java.lang.reflect.InvocationTargetException;
      import java.lang.reflect.Method;
      import java.lang.reflect.Proxy;
      import p.Service;
      public class Handlers {
        private static Object proxy(InvocationHandler handler) {
          return Proxy.newProxyInstance(
              Service.Greeter.class.getClassLoader(), new Class<?>[] {Service.Greeter.class}, handler);
        }
        public static Object stub() {
          return proxy((self, method, args) -> {
            Service.say(method.getName() + (args == null ? 0 : args.length));
            return method.getReturnType() == int.class ? (Object) 9
                : method.getReturnType() == String.class ? "stub" : null;
          });
        }
        public static Object around() {
          Object real = new Service.Real();
          return proxy((self, method, args) -> {
            Service.say("[");
            try {
              return method.invoke(real, args);
            } catch (InvocationTargetException e) {
              throw e.getCause();
            } finally {
              Service.say("]");
            }
          });
        }
      }
      """;

  private Woven woven;
  private StringBuilder log;

  @BeforeEach
  void weaveAllButTheHandlers() throws Exception {
    SortedMap<String, byte[]> all =
        Compiler.compile(Map.of("p.Service", SERVICE, "p.Main", MAIN, "q.Handlers", UNWOVEN));
    Woven library = Woven.of(new TreeMap<>(all.subMap("p", "q")));
    assertEquals("[]", library.result.problems().errors().toString());
    all.putAll(library.result.classes());
    woven = Woven.asIs(all);
    woven.loadAll();
    log = (StringBuilder) woven.type("p.Service").getField("LOG").get(null);
  }

  private Run run(String handler, boolean stackful) throws Exception {
    Object proxy = woven.type("q.Handlers").getMethod(handler).invoke(null);
    woven.type("p.Main").getField("greeter").set(null, proxy);
    Routine routine = woven.routine("p.Main");
    return Woven.run(stackful ? routine.stackful() : routine, log);
  }

  @Test
  void handlerReceivesTheSourceMethodAndItsArguments() throws Exception {
    Run expected = new Run("greet4 5stub5 last1 9 last1 9 last1 9 greet4 stub nothing0 ", 0);

    assertEquals(expected, run("stub", true));
    assertEquals(expected, run("stub", false));
  }

  @Test
  void handlerOfAStackfulProxyEnclosesTheWholeSuspendingCall() throws Exception {
    Run run = run("around", true);

    assertTrue(run.log().startsWith("[ before after ] 5a234.55 [ ] 0 [ ] 1 "), run.log());
    assertEquals(6, run.suspensions());
  }

  /** Otherwise the handler would silently return before the call has ended. */
  @Test
  void wovenSuspensionBelowAProxyHandlerIsRefusedWithTheProxysName() throws Exception {
    String text = run("around", false).log();

    assertTrue(text.startsWith("[ before ] "), text);
    assertTrue(text.contains("can't be suspended"), text);
    assertTrue(text.contains("$Proxy"), text);
  }
}
