package org.zeroseg.core.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What hubs, proxies and mirrors have been seen to answer, and what is made of it. */
class HubBehaviourTest {

  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final byte[] CONFIG = "{\"a\": 1}".getBytes(StandardCharsets.UTF_8);
  private static final String ETAG =
      HubServer.hash(
          "SHA-1", ("blob " + CONFIG.length + "\0").getBytes(StandardCharsets.US_ASCII), CONFIG);

  @TempDir private Path cache;

  /** Answers one request; the count includes it and is by method. */
  @FunctionalInterface
  private interface Behaviour {
    void answer(HttpExchange exchange, boolean head, long count) throws IOException;
  }

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private volatile Behaviour behaviour = (exchange, head, count) -> whole(exchange);

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    requests.add(method + " " + exchange.getRequestURI());
    try (exchange) {
      behaviour.answer(exchange, method.equals("HEAD"), asked(method));
    }
  }

  private long asked(String method) {
    return requests.stream().filter(request -> request.startsWith(method)).count();
  }

  private static void describe(HttpExchange exchange) {
    exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
    exchange.getResponseHeaders().set("ETag", '"' + ETAG + '"');
  }

  private static void whole(HttpExchange exchange) throws IOException {
    describe(exchange);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", CONFIG.length + "");
      exchange.sendResponseHeaders(200, -1);
    } else {
      exchange.sendResponseHeaders(200, CONFIG.length);
      exchange.getResponseBody().write(CONFIG);
    }
  }

  private static void refuse(HttpExchange exchange, int status, String... headers)
      throws IOException {
    for (int i = 0; i < headers.length; i += 2) {
      exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
    }
    exchange.sendResponseHeaders(status, -1);
  }

  private String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private ModelHub hub(String... settings) {
    Map<String, String> environment = new HashMap<>();
    environment.put("HF_ENDPOINT", endpoint());
    environment.put("HF_HOME", cache.toString());
    for (int i = 0; i < settings.length; i += 2) {
      environment.put(settings[i], settings[i + 1]);
    }
    return ModelHub.of(environment);
  }

  private Path config(String... settings) throws IOException {
    return hub(settings).file("owner/name", "config.json");
  }

  private String refusal(String... settings) {
    String message = assertThrows(IOException.class, () -> config(settings)).getMessage();
    assertTrue(message.contains("owner/name") || message.contains("127.0.0.1"), message);
    return message;
  }

  private Path model() {
    return cache.resolve("hub/models--owner--name");
  }

  private void assertFetched(Path file) throws IOException {
    assertArrayEquals(CONFIG, Files.readAllBytes(file));
  }

  @Test
  void theSnapshotOfTheAnnouncedCommitIsUsedUntouched() throws IOException {
    Path snapshot = Files.createDirectories(model().resolve("snapshots").resolve(COMMIT));
    Path file = Files.write(snapshot.resolve("config.json"), CONFIG); // no link, no blob
    assertEquals(file, config());
    assertEquals(0, asked("GET"));
    assertFalse(Files.exists(model().resolve("blobs")));
    assertFalse(Files.exists(cache.resolve("hub/.locks")));
    assertEquals(COMMIT, Files.readString(model().resolve("refs/main")));
  }

  @ParameterizedTest
  @CsvSource({
    "401, GatedRepo",
    "403, GatedRepo",
    "401, RepoNotFound",
    "404, RepoNotFound",
    "404, RevisionNotFound",
    "404, ''",
    "429, ''",
    "500, ''",
    "407, ''"
  })
  void whatIsInTheCacheServesWhereTheHubRefuses(int status, String code) throws IOException {
    Path fetched = config();
    behaviour = (exchange, head, count) -> refuse(exchange, status, "X-Error-Code", code);
    requests.clear();
    assertEquals(fetched, config());
    assertEquals(1, requests.size());
  }

  @Test
  void aFileThatTheRevisionHasNoMoreIsAbsent() throws IOException {
    config();
    behaviour = (exchange, head, count) -> refuse(exchange, 404, "X-Error-Code", "EntryNotFound");
    assertTrue(hub().find("owner/name", "config.json").isEmpty());
  }

  @ParameterizedTest
  @ValueSource(ints = {503, 502, 429, 408})
  void asksAgainWhereTheHubIsBusy(int status) throws IOException {
    behaviour =
        (exchange, head, count) -> {
          if (count == 1) {
            refuse(exchange, status, "Retry-After", "0");
          } else {
            whole(exchange);
          }
        };
    assertFetched(config());
    assertEquals(2, asked("HEAD"));
    assertEquals(2, asked("GET"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"3600", "Wed, 01 Jan 2200 00:00:00 GMT"})
  void waitsForABusyHubButNotForHours(String after) throws IOException {
    behaviour =
        (exchange, head, count) -> {
          if (head && count == 1) {
            refuse(exchange, 429, "Retry-After", after);
          } else {
            whole(exchange);
          }
        };
    assertFetched(config("HF_HUB_DOWNLOAD_TIMEOUT", "1"));
    assertEquals(2, asked("HEAD"));
  }

  @Test
  void whoRefusesIsNotAskedAgain() {
    behaviour = (exchange, head, count) -> refuse(exchange, 401, "X-Error-Message", "\u001b[31mno");
    String message = refusal();
    assertEquals(1, requests.size());
    assertTrue(message.contains("[31mno") && !message.contains("\u001b"), message);
    assertEquals("?[31mno?", Download.printable("\u001b[31mno\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"many", "-5", "", "9223372036854775807", "1e3"})
  void sizesThatCannotBeAreRefusedByName(String size) {
    behaviour =
        (exchange, head, count) -> {
          describe(exchange);
          refuse(exchange, 200, "X-Linked-Size", size);
        };
    String message = refusal();
    assertTrue(message.contains("X-Linked-Size") && message.contains("'" + size + "'"), message);
    assertEquals(1, requests.size());
  }

  @Test
  void whatHasNoSizeIsFetchedAndEndsSomewhere() throws IOException {
    behaviour =
        (exchange, head, count) -> {
          if (head) {
            describe(exchange);
            refuse(
                exchange, 302, "Location", endpoint() + "/body", "X-Linked-Etag", '"' + ETAG + '"');
          } else {
            exchange.sendResponseHeaders(200, 0); // in chunks
            exchange.getResponseBody().write(CONFIG);
          }
        };
    assertFetched(config());
    byte[] more = new byte[1 << 20];
    behaviour =
        (exchange, head, count) -> {
          if (head) {
            exchange.getResponseHeaders().set("X-Repo-Commit", "f".repeat(40));
            refuse(exchange, 302, "Location", endpoint() + "/body", "X-Linked-Etag", "\"endless\"");
          } else {
            exchange.sendResponseHeaders(200, 0);
            for (int i = 0; i < 1000; i++) {
              exchange.getResponseBody().write(more);
            }
          }
        };
    String message = refusal();
    assertTrue(message.contains("announces no size"), message);
    try (Stream<Path> blobs = Files.list(model().resolve("blobs"))) {
      assertEquals(1, blobs.count());
    }
  }

  @Test
  void bytesThatDripAreGivenUpAndAskedForAgain() throws IOException {
    byte[] content = new byte[20_000];
    String hash = HubServer.hash("SHA-256", content);
    behaviour =
        (exchange, head, count) -> {
          exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
          exchange.getResponseHeaders().set("ETag", hash);
          if (head) {
            refuse(exchange, 200, "Content-Length", content.length + "");
          } else {
            String range = exchange.getRequestHeaders().getFirst("Range");
            int start = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
            if (range != null) {
              exchange
                  .getResponseHeaders()
                  .set("Content-Range", "bytes %d-%d/%d".formatted(start, 19_999, 20_000));
            }
            exchange.sendResponseHeaders(range == null ? 200 : 206, content.length - start);
            write(exchange.getResponseBody(), content.length - start, count == 1);
          }
        };
    Path file = config("HF_HUB_DOWNLOAD_TIMEOUT", "1");
    assertArrayEquals(content, Files.readAllBytes(file));
    assertEquals(2, asked("GET"));
  }

  private static void write(OutputStream body, int length, boolean drip) throws IOException {
    try {
      for (int i = 0; i < length; i++) {
        body.write(0);
        if (drip) {
          body.flush();
          Thread.sleep(20);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf_sec\nret", "\ufeffhf_secret\r\n", " hf_secret ", "hf_\r\nsecret"})
  void whatTerminalsAddToATokenIsTakenOff(String token) throws IOException {
    List<String> seen = new CopyOnWriteArrayList<>();
    behaviour =
        (exchange, head, count) -> {
          seen.add(exchange.getRequestHeaders().getFirst("Authorization"));
          whole(exchange);
        };
    assertFetched(config("HF_TOKEN", token));
    assertEquals(List.of("Bearer hf_secret", "Bearer hf_secret"), seen);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf_sec ret", "hf_s\u00e9cret", "hf_\u0001secret", "hf_sec\tret"})
  void aTokenThatCannotBeIsNeverPrinted(String token) throws IOException {
    String message = assertThrows(IOException.class, () -> config("HF_TOKEN", token)).getMessage();
    assertEquals("HF_TOKEN holds a character that no token has", message);
    assertEquals(List.of(), requests);
    String settings = Settings.of(Map.of("HF_TOKEN", token)).toString();
    assertFalse(settings.contains("hf_"), settings);
    Path local = Files.write(cache.resolve("config.json"), CONFIG);
    assertEquals(local, hub("HF_TOKEN", token).file(cache.toString(), "config.json"));
  }

  @Test
  void foldersMayBeNamedByTildeAndVariables() {
    Map<String, String> environment = Map.of("HOME", "/home/me", "DATA", "/data");
    String[][] paths = {
      {"~/hf", "/home/me/hf"},
      {"~", "/home/me"},
      {"$HOME/hf", "/home/me/hf"},
      {"${DATA}/hf", "/data/hf"},
      {"$DATA/$ABSENT/~", "/data/$ABSENT/~"},
      {"~other/hf", "~other/hf"}
    };
    for (String[] path : paths) {
      for (String name : List.of("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME")) {
        Map<String, String> all = new HashMap<>(environment);
        all.put(name, path[0]);
        Path expected = Path.of(path[1]);
        Path found = Settings.of(all).cache();
        assertTrue(found.startsWith(expected), name + "=" + path[0] + ": " + found);
      }
    }
  }

  @Test
  void theTokensPathMayBeNamedByTilde() throws IOException {
    Files.writeString(cache.resolve("t"), "\ufeffhf_x\r\n");
    Map<String, String> environment =
        Map.of("HOME", cache.toString(), "HF_TOKEN_PATH", "~/t", "HF_HOME", "/nowhere");
    assertEquals("hf_x", Settings.of(environment).token().orElseThrow().value());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ai.djl.offline", "DJL_OFFLINE", "HF_HUB_OFFLINE"})
  void offlineIsOfflineWhoeverIsTold(String setting) {
    String message = refusal(setting, "true");
    assertTrue(message.contains(setting + " forbids"), message);
    assertEquals(List.of(), requests);
  }

  @Test
  void thePropertyOfTheEngineCountsForTheEnvironmentsHub() {
    String before = System.setProperty("ai.djl.offline", "true");
    try {
      String message =
          assertThrows(
                  IOException.class,
                  () -> ModelHub.fromEnvironment().file("zeroseg/absent", "config.json"))
              .getMessage();
      assertTrue(message.contains("forbids"), message);
    } finally {
      if (before == null) {
        System.clearProperty("ai.djl.offline");
      } else {
        System.setProperty("ai.djl.offline", before);
      }
    }
  }

  @Test
  void withoutNetworkItSaysWhatElseCanBeDone() throws IOException {
    int closed;
    try (ServerSocket socket = new ServerSocket(0)) {
      closed = socket.getLocalPort();
    }
    String message = refusal("HF_ENDPOINT", "http://127.0.0.1:" + closed);
    for (String part : List.of("no connection", "folder", "HTTPS_PROXY", "HF_ENDPOINT")) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void proxiesOfTheEnvironmentAreHonoured() throws IOException {
    String[][] settings = {
      {"HTTP_PROXY", endpoint()}, {"http_proxy", endpoint().substring(7)}, {"ALL_PROXY", endpoint()}
    };
    for (String[] proxy : settings) {
      requests.clear();
      String host = "http://hub-" + proxy[0].toLowerCase(Locale.ROOT) + ".invalid";
      host = host.replace("_", "-");
      assertFetched(config("HF_ENDPOINT", host, proxy[0], proxy[1], "HF_HOME", cache + proxy[0]));
      assertTrue(requests.get(0).startsWith("HEAD " + host + "/owner/name/"), requests.get(0));
      String message = refusal("HF_ENDPOINT", host, proxy[0], proxy[1], "NO_PROXY", ".invalid");
      assertTrue(message.contains("name is not known"), message);
    }
  }

  @Test
  void aProxyThatIsNotUnderstoodIsRefusedWithoutItsPassword() {
    for (String proxy : List.of("socks5://me:secret@x:1", "https://me:secret@x", "me:secret@ x")) {
      String message =
          assertThrows(IOException.class, () -> config("HTTPS_PROXY", proxy)).getMessage();
      assertTrue(message.contains("HTTPS_PROXY") && !message.contains("secret"), message);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', false",
    "*, true",
    "example.org, true",
    "'a.b, .example.org', true",
    "*.example.org, true",
    "HUB.Example.org, true",
    "ample.org, false",
    "hub.example.org:443, true",
    "hub.example.org:8080, false",
    "127.0.0.1, false"
  })
  void hostsAreReachedDirectlyWhereTheRulesSaySo(String rules, boolean direct) {
    Proxies proxies = Proxies.of(Map.of("HTTPS_PROXY", "http://p:1", "NO_PROXY", rules));
    assertEquals(direct, proxies.isDirect(URI.create("https://hub.example.org/x")));
  }

  @Test
  void networksAreReachedDirectlyWhereTheRulesSaySo() {
    Proxies proxies = new Proxies("http://p:1", "", "10.0.0.0/8,192.168.1.7,[::1]");
    assertTrue(proxies.isDirect(URI.create("https://10.200.3.4/x")));
    assertFalse(proxies.isDirect(URI.create("https://11.200.3.4/x")));
    assertTrue(proxies.isDirect(URI.create("http://192.168.1.7:8080/x")));
    assertTrue(proxies.isDirect(URI.create("http://[::1]:8080/x")));
  }

  @Test
  void localModelsStartNoThreads() throws IOException {
    Files.write(cache.resolve("config.json"), CONFIG);
    int before = Thread.activeCount();
    for (int i = 0; i < 1000; i++) {
      assertEquals(cache.resolve("config.json"), hub().file(cache.toString(), "config.json"));
    }
    assertTrue(Thread.activeCount() <= before + 2, Thread.activeCount() + " threads");
  }

  @Test
  void hubsOfTheSameSettingsShareOneClient() throws IOException {
    Map<String, String> environment = Map.of("HF_HUB_DOWNLOAD_TIMEOUT", "77");
    assertSame(
        Settings.of(environment).connection().client(),
        Settings.of(environment).connection().client());
  }

  @Test
  void redirectsWithLettersThatMustBeWrittenOtherwiseAreFollowed() throws IOException {
    behaviour =
        (exchange, head, count) -> {
          if (exchange.getRequestURI().getPath().startsWith("/owner/")) {
            describe(exchange);
            refuse(exchange, 302, "Location", endpoint() + "/store?y=\"q\" {1}|");
          } else {
            whole(exchange);
          }
        };
    assertFetched(config());
    assertTrue(requests.contains("GET /store?y=%22q%22%20%7B1%7D%7C"), requests.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "http://[::bad", "", "//", "/a"})
  void redirectsToNowhereOrWithoutEndAreRefused(String target) {
    behaviour = (exchange, head, count) -> refuse(exchange, 302, "Location", target);
    assertTrue(refusal().contains("redirected"), target);
  }

  @Test
  void unfinishedFilesOfTheDayBeforeAreRemoved() throws IOException {
    Path snapshot = Files.createDirectories(model().resolve("snapshots").resolve(COMMIT));
    Path old = Files.write(snapshot.resolve(".config.json.1.part"), CONFIG);
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
    Path fresh = Files.write(snapshot.resolve(".config.json.2.part"), CONFIG);
    assertFetched(config());
    assertFalse(Files.exists(old));
    assertTrue(Files.exists(fresh));
  }
}
