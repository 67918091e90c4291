package org.zeroseg.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;

/** How much a server takes on, how long, from whom, and how it ends. */
class ServerLimitsTest extends ServerTest {

  /** Waits for a sign before it answers. */
  private static final class Held implements Segmenter {
    private final CountDownLatch go = new CountDownLatch(1);
    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicInteger now = new AtomicInteger();

    @Override
    public List<Segmentation> segment(List<Picture> pictures, Vocabulary words) {
      begun.incrementAndGet();
      most.accumulateAndGet(now.incrementAndGet(), Math::max);
      try (Stripes stripes = new Stripes()) {
        assertTrue(go.await(20, TimeUnit.SECONDS));
        return stripes.segment(pictures, words);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      } finally {
        now.decrementAndGet();
      }
    }

    void awaitBegun(int count) throws InterruptedException {
      for (int i = 0; i < 2000 && begun.get() < count; i++) {
        Thread.sleep(10);
      }
      assertEquals(count, begun.get());
    }

    @Override
    public void close() {
      // holds nothing
    }
  }

  private CompletableFuture<HttpResponse<byte[]>> ask() {
    return CLIENT.sendAsync(
        form("/segment", png(20, 20), "words", "a").build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  private void awaitTaken(int count) throws Exception {
    String line = "zeroseg_taken " + count + "\n";
    for (int i = 0; i < 2000 && !text(get("/metrics")).contains(line); i++) {
      Thread.sleep(10);
    }
    assertTrue(text(get("/metrics")).contains(line), text(get("/metrics")));
  }

  @Test
  void whatHasNoPlaceIsSentAwayAndTheOthersAreAnswered() throws Exception {
    Held held = new Held();
    start(held, LIMITS, OPEN, TaskPictures.IN_TASKS);
    List<CompletableFuture<HttpResponse<byte[]>>> asked = new ArrayList<>();
    for (int i = 0; i < LIMITS.concurrency() + LIMITS.queue(); i++) {
      asked.add(ask());
    }
    awaitTaken(6);
    HttpResponse<byte[]> refused = ask().get();
    assertEquals(429, refused.statusCode(), text(refused));
    assertTrue(refused.headers().firstValue("Retry-After").isPresent());
    assertEquals(200, get("/health").statusCode());
    assertEquals(200, get("/ready").statusCode());
    held.go.countDown();
    for (CompletableFuture<HttpResponse<byte[]>> each : asked) {
      assertEquals(200, each.get().statusCode());
    }
    assertEquals(LIMITS.concurrency(), held.most.get());
    awaitTaken(0);
    assertEquals(200, ask().get().statusCode());
  }

  @Test
  void whatTakesTooLongEndsAndKeepsItsPlaceUntilItIsDone() throws Exception {
    Held held = new Held();
    Limits limits = new Limits(1, 1, 200_000, 100_000, 8, Duration.ofMillis(700));
    start(held, limits, OPEN, TaskPictures.IN_TASKS);
    CompletableFuture<HttpResponse<byte[]>> running = ask();
    held.awaitBegun(1);
    HttpResponse<byte[]> waiting = ask().get();
    assertEquals(503, waiting.statusCode(), text(waiting));
    assertEquals(504, running.get().statusCode(), text(running.get()));
    awaitTaken(1);
    held.go.countDown();
    awaitTaken(0);
    assertEquals(1, held.begun.get());
    assertEquals(200, ask().get().statusCode());
  }

  @Test
  void aStopAnswersWhatIsThereAndTakesNothingOn() throws Exception {
    Held held = new Held();
    start(held, LIMITS, OPEN, TaskPictures.IN_TASKS);
    List<CompletableFuture<HttpResponse<byte[]>>> asked = List.of(ask(), ask(), ask());
    awaitTaken(3);
    CompletableFuture<Void> stopped =
        CompletableFuture.runAsync(
            () -> {
              try {
                server.stop(Duration.ofSeconds(20));
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    for (int i = 0; i < 500 && !isGone(); i++) {
      Thread.sleep(10);
    }
    assertTrue(isGone());
    held.go.countDown();
    for (CompletableFuture<HttpResponse<byte[]>> each : asked) {
      assertEquals(200, each.get().statusCode());
    }
    stopped.get(20, TimeUnit.SECONDS);
    assertThrows(ConnectException.class, () -> get("/health"));
  }

  /** Whether new connections are refused, or their requests are. */
  private boolean isGone() throws Exception {
    try {
      return get("/ready").statusCode() == 503;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void aFaultIsNotTheClientsAndTellsNothing() throws Exception {
    Segmenter broken =
        new Segmenter() {
          @Override
          public List<Segmentation> segment(List<Picture> pictures, Vocabulary words) {
            throw new IllegalStateException("secret");
          }

          @Override
          public void close() {
            // holds nothing
          }
        };
    start(broken, LIMITS, OPEN, TaskPictures.IN_TASKS);
    HttpResponse<byte[]> response = ask().get();
    assertEquals(500, response.statusCode());
    assertTrue(!text(response).contains("secret"), text(response));
    awaitTaken(0);
  }

  @Test
  void onlyWhoHasTheTokenIsAnswered() throws Exception {
    start(
        new Stripes(),
        LIMITS,
        new Access(Optional.of("open sesame"), Access.LOOPBACK, Set.of()),
        TaskPictures.IN_TASKS);
    for (String path : List.of("/", "/openapi.json", "/health", "/ready")) {
      assertEquals(200, get(path).statusCode(), path);
    }
    for (String path : List.of("/metrics", "/model")) {
      assertEquals(401, get(path).statusCode(), path);
    }
    assertEquals("Bearer", get("/model").headers().firstValue("WWW-Authenticate").get());
    for (String path : List.of("/segment", "/discover", "/setup", "/predict", "/webhook")) {
      assertEquals(401, postJson(path, "{}").statusCode(), path);
    }
    String password = base64("user:open sesame".getBytes(StandardCharsets.UTF_8));
    for (String right : List.of("Bearer open sesame", "bearer open sesame", "Basic " + password)) {
      assertEquals(200, send(to("/model").header("Authorization", right).build()).statusCode());
    }
    for (String wrong :
        List.of("Bearer open", "Bearer open sesame!", "open sesame", "Bearer", "Basic %%%")) {
      assertEquals(401, send(to("/model").header("Authorization", wrong).build()).statusCode());
    }
  }

  /** What is sent, byte by byte, and the first line of what comes back. */
  private String raw(String head) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int next = socket.getInputStream().read();
          next >= 0 && next != '\r';
          next = socket.getInputStream().read()) {
        line.write(next);
      }
      return line.toString(StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void onLoopbackOtherNamesAreRefused() throws Exception {
    start();
    for (String host : List.of("localhost", "127.0.0.1", "[::1]", "LOCALHOST")) {
      assertEquals(
          "HTTP/1.1 200 OK",
          raw("GET /health HTTP/1.1\r\nHost: " + host + ":" + server.port() + "\r\n\r\n"));
    }
    for (String host : List.of("evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "")) {
      String line = raw("GET /health HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
      assertTrue(line.startsWith("HTTP/1.1 421") || line.startsWith("HTTP/1.1 400"), host + line);
    }
  }

  @Test
  void pagesOfOtherOriginsNeedToBeNamed() throws Exception {
    start(
        new Stripes(),
        LIMITS,
        new Access(Optional.empty(), Access.LOOPBACK, Set.of("https://tools.example")),
        TaskPictures.IN_TASKS);
    byte[] picture = png(9, 9);
    for (String other : List.of("https://evil.example", "null", "http://127.0.0.1:1")) {
      HttpResponse<byte[]> response =
          send(form("/segment", picture, "words", "a").header("Origin", other).build());
      assertEquals(403, response.statusCode(), other);
      assertTrue(response.headers().firstValue("Access-Control-Allow-Origin").isEmpty());
    }
    String own = "http://127.0.0.1:" + server.port();
    assertEquals(
        200,
        send(form("/segment", picture, "words", "a").header("Origin", own).build()).statusCode());
    HttpResponse<byte[]> told =
        send(
            form("/segment", picture, "words", "a")
                .header("Origin", "https://tools.example")
                .build());
    assertEquals(200, told.statusCode());
    assertEquals(
        "https://tools.example", told.headers().firstValue("Access-Control-Allow-Origin").get());
    HttpRequest before =
        to("/segment")
            .header("Origin", "https://tools.example")
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<byte[]> allowed = send(before);
    assertEquals(204, allowed.statusCode());
    assertEquals("POST", allowed.headers().firstValue("Access-Control-Allow-Methods").get());
  }

  @Test
  void brokenRequestsOfHttpAreAnsweredAndHoldNoPlace() throws Exception {
    start();
    String host = "Host: localhost\r\n";
    assertTrue(raw("nonsense\r\n\r\n").startsWith("HTTP/1.1 400"));
    assertTrue(raw("GET / HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 400"));
    String large = "X: " + "a".repeat(20_000) + "\r\n";
    assertTrue(raw("GET / HTTP/1.1\r\n" + host + large + "\r\n").startsWith("HTTP/1.1 431"));
    String tooLong = "Content-Length: 99999999999\r\n";
    String json = "Content-Type: application/json\r\n";
    // The answer comes although the body never does.
    assertTrue(
        raw("POST /segment HTTP/1.1\r\n" + host + json + tooLong + "Connection: close\r\n\r\n")
            .startsWith("HTTP/1.1 413"));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      String half = "POST /segment HTTP/1.1\r\n" + host + json + "Content-Length: 100\r\n\r\n{";
      socket.getOutputStream().write(half.getBytes(StandardCharsets.ISO_8859_1));
      awaitTaken(1);
    }
    awaitTaken(0);
  }

  @Test
  void limitsAreChecked() {
    Duration second = Duration.ofSeconds(1);
    assertThrows(IllegalArgumentException.class, () -> new Limits(0, 1, 1, 1, 1, second));
    assertThrows(IllegalArgumentException.class, () -> new Limits(1, -1, 1, 1, 1, second));
    assertThrows(IllegalArgumentException.class, () -> new Limits(1, 1, 1L << 40, 1, 1, second));
    assertThrows(IllegalArgumentException.class, () -> new Limits(1, 1, 1, 1, 1, Duration.ZERO));
  }
}
