// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.weft.Bundle;
import dev.weft.Task;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** OkHttp, unchanged, in fibers. */
@Tag("needs-stack")
class HttpClientTest {
  private static final int FIBERS = 10;

  private final OkHttpClient client =
      new OkHttpClient.Builder().socketFactory(new FiberSocketFactory()).build();

  /** A test with a server. */
  @FunctionalInterface
  private interface Body {
    void run(String url) throws Exception;
  }

  private void withServer(HttpHandler handler, Body body) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      server.setExecutor(executor);
      server.createContext("/", handler);
      server.start();
      InetSocketAddress address = server.getAddress();
      Sockets.run(
          () -> {
            body.run("http://" + address.getHostString() + ":" + address.getPort() + "/");
            client.connectionPool().evictAll();
          });
    } finally {
      server.stop(0);
    }
  }

  private static void answer(HttpExchange exchange, byte[] body) {
    try (exchange) {
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String get(String url) throws IOException {
    try (Response response = client.newCall(new Request.Builder().url(url).build()).execute()) {
      return response.body().string();
    }
  }

  @Test
  void manyFibersOfOneReactorHaveRequestsInProgressAtTheSameTime() throws Exception {
    CountDownLatch all = new CountDownLatch(FIBERS);
    HttpHandler handler =
        exchange -> {
          all.countDown();
          try {
            all.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          answer(exchange, exchange.getRequestURI().getPath().getBytes(UTF_8));
        };

    withServer(
        handler,
        url -> {
          try (Bundle bundle = Bundle.open()) {
            List<Task<String>> answers = new ArrayList<>();
            for (int i = 0; i < FIBERS; i++) {
              int id = i;
              answers.add(bundle.go(() -> get(url + id)));
            }
            Set<String> paths = new HashSet<>();
            for (Task<String> answer : answers) {
              paths.add(answer.join());
            }
            assertEquals(FIBERS, paths.size());
          }
        });
  }

  @Test
  void aConnectionIsUsedAgainForTheNextRequest() throws Exception {
    Set<Integer> ports = ConcurrentHashMap.newKeySet();
    HttpHandler handler =
        exchange -> {
          ports.add(exchange.getRemoteAddress().getPort());
          answer(exchange, new byte[] {'a'});
        };

    withServer(
        handler,
        url -> {
          for (int i = 0; i < 5; i++) {
            assertEquals("a", get(url));
          }
        });

    assertEquals(1, ports.size());
  }

  @Test
  void aLargeBodyIsSentAndReceived() throws Exception {
    byte[] sent = new byte[3_000_000];
    HttpHandler handler = exchange -> answer(exchange, exchange.getRequestBody().readAllBytes());

    withServer(
        handler,
        url -> {
          Request request = new Request.Builder().url(url).post(RequestBody.create(sent)).build();
          try (Response response = client.newCall(request).execute()) {
            assertEquals(sent.length, response.body().bytes().length);
          }
        });
  }

  /** A thread of the client closes the socket that the fiber reads from. */
  @Test
  void aCallPastItsTimeoutFails() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    HttpHandler handler =
        exchange -> {
          try (exchange) {
            end.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        };
    OkHttpClient hasty = client.newBuilder().callTimeout(Duration.ofMillis(20)).build();

    withServer(
        handler,
        url -> {
          Request request = new Request.Builder().url(url).build();
          assertThrows(
              InterruptedIOException.class, () -> hasty.newCall(request).execute().close());
          end.countDown();
        });
  }
}
