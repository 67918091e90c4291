package org.zeroseg.core.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A hub of one model, {@code owner/name}: small files come from the hub itself, large ones from a
 * second host to which it redirects, as on the real hub.
 */
final class HubServer implements AutoCloseable {

  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /** What can go wrong on purpose. */
  enum Fault {
    NONE,
    CUT_HALFWAY_ONCE,
    STALLS_HALFWAY_ONCE,
    WRONG_BYTES,
    IGNORES_RANGES,
    FAILS_ONCE,
    SENDS_TOO_MUCH
  }

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer hub = server();
  private final HttpServer store = server();
  private final Map<String, byte[]> small = new ConcurrentHashMap<>();
  private final Map<String, byte[]> large = new ConcurrentHashMap<>();

  /** Every request as METHOD, host (hub or store), path and range. */
  final List<String> requests = new CopyOnWriteArrayList<>();

  final List<String> tokensAtStore = new CopyOnWriteArrayList<>();
  volatile Fault fault = Fault.NONE;
  volatile String requiredToken = "";
  volatile String commit = COMMIT;
  volatile boolean cachesSmall;
  private final CountDownLatch stalled = new CountDownLatch(1);
  private boolean failed;

  HubServer() throws IOException {
    hub.createContext("/", exchange -> answer(exchange, this::answerAsHub));
    store.createContext("/", exchange -> answer(exchange, this::answerAsStore));
    hub.start();
    store.start();
  }

  private HttpServer server() throws IOException {
    InetAddress local = InetAddress.getLoopbackAddress();
    HttpServer server = HttpServer.create(new InetSocketAddress(local, 0), 0);
    server.setExecutor(threads);
    return server;
  }

  HubServer small(String name, byte[] content) {
    small.put(name, content);
    return this;
  }

  HubServer large(String name, byte[] content) {
    large.put(name, content);
    return this;
  }

  String endpoint() {
    return address(hub);
  }

  private static String address(HttpServer server) {
    InetSocketAddress address = server.getAddress();
    return "http://" + address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  @FunctionalInterface
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private static void answer(HttpExchange exchange, Answer answer) throws IOException {
    try (exchange) {
      answer.to(exchange);
    }
  }

  private void note(String host, HttpExchange exchange) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    requests.add(
        exchange.getRequestMethod()
            + " "
            + host
            + exchange.getRequestURI().getPath()
            + (range == null ? "" : " " + range));
  }

  private void answerAsHub(HttpExchange exchange) throws IOException {
    note("hub", exchange);
    String path = exchange.getRequestURI().getPath();
    String token = exchange.getRequestHeaders().getFirst("Authorization");
    if (!requiredToken.isEmpty() && !("Bearer " + requiredToken).equals(token)) {
      exchange.getResponseHeaders().set("X-Error-Message", "Access is restricted");
      exchange.sendResponseHeaders(401, -1);
      return;
    }
    if (path.startsWith("/owner/old-name/")) {
      String renamed = path.replace("/owner/old-name/", "/owner/name/");
      exchange.getResponseHeaders().set("Location", renamed);
      exchange.sendResponseHeaders(307, -1);
      return;
    }
    if (!path.startsWith("/owner/name/resolve/main/")
        && !path.startsWith("/api/resolve-cache/")
        && !path.startsWith("/owner/name/resolve/" + COMMIT + "/")) {
      exchange.getResponseHeaders().set("X-Error-Code", "RepoNotFound");
      exchange.sendResponseHeaders(404, -1);
      return;
    }
    String name = path.replaceFirst("/owner/name/resolve/[^/]*/|/api/resolve-cache/", "");
    exchange.getResponseHeaders().set("X-Repo-Commit", commit);
    if (large.containsKey(name)) {
      byte[] content = large.get(name);
      exchange.getResponseHeaders().set("X-Linked-Etag", '"' + hash("SHA-256", content) + '"');
      exchange.getResponseHeaders().set("X-Linked-Size", content.length + "");
      exchange.getResponseHeaders().set("ETag", "\"of-the-redirect\"");
      exchange.getResponseHeaders().set("Location", address(store) + "/" + name + "?signed=1");
      exchange.sendResponseHeaders(302, -1);
    } else if (cachesSmall && small.containsKey(name) && path.startsWith("/owner/")) {
      sendOnToCache(exchange, name);
    } else if (small.containsKey(name)) {
      byte[] content = small.get(name);
      byte[] blob = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
      exchange.getResponseHeaders().set("ETag", "W/\"" + hash("SHA-1", blob, content) + '"');
      send(exchange, content);
    } else {
      exchange.getResponseHeaders().set("X-Error-Code", "EntryNotFound");
      exchange.sendResponseHeaders(404, -1);
    }
  }

  /** As the hub does with small files: to a cache of its own, by an answer with a text. */
  private void sendOnToCache(HttpExchange exchange, String name) throws IOException {
    exchange.getResponseHeaders().set("Location", "/api/resolve-cache/" + name);
    exchange.getResponseHeaders().set("ETag", "\"of-the-redirect\"");
    exchange.getResponseHeaders().set("Content-Length", "5");
    exchange.sendResponseHeaders(307, -1);
  }

  private void answerAsStore(HttpExchange exchange) throws IOException {
    note("store", exchange);
    String token = exchange.getRequestHeaders().getFirst("Authorization");
    if (token != null) {
      tokensAtStore.add(token);
    }
    byte[] content = large.get(exchange.getRequestURI().getPath().substring(1));
    if (fault == Fault.WRONG_BYTES) {
      content = content.clone();
      content[content.length / 2] ^= 1;
    }
    if (fault == Fault.SENDS_TOO_MUCH) {
      content = Arrays.copyOf(content, content.length + 1);
    }
    send(exchange, content);
  }

  private void send(HttpExchange exchange, byte[] content) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", content.length + "");
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    if (fault == Fault.FAILS_ONCE && firstTime()) {
      exchange.sendResponseHeaders(503, -1);
      return;
    }
    int start = 0;
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range != null && fault != Fault.IGNORES_RANGES) {
      start = Integer.parseInt(range.replaceAll("\\D", ""));
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes %d-%d/%d".formatted(start, content.length - 1, content.length));
    }
    int length = content.length - start;
    exchange.sendResponseHeaders(start > 0 ? 206 : 200, length == 0 ? -1 : length);
    OutputStream body = exchange.getResponseBody();
    if (fault == Fault.CUT_HALFWAY_ONCE && firstTime()) {
      body.write(content, start, length / 2);
      body.flush();
      throw new IOException("cut on purpose");
    }
    if (fault == Fault.STALLS_HALFWAY_ONCE && firstTime()) {
      body.write(content, start, length / 2);
      body.flush();
      try {
        stalled.await(); // until the test is over
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      throw new IOException("stalled on purpose");
    }
    body.write(content, start, length);
  }

  private synchronized boolean firstTime() {
    boolean first = !failed;
    failed = true;
    return first;
  }

  static String hash(String algorithm, byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      for (byte[] part : parts) {
        digest.update(part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    stalled.countDown();
    hub.stop(0);
    store.stop(0);
    threads.shutdownNow();
  }
}
