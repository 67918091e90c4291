package org.zeroseg.core.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zeroseg.core.hub.HubServer.Fault;

class ModelHubTest {

  private static final byte[] CONFIG = "{\"a\": 1}".getBytes(StandardCharsets.UTF_8);
  private static final byte[] WEIGHTS = new byte[1_000_003];

  static {
    new Random(1).nextBytes(WEIGHTS);
  }

  @TempDir private Path cache;

  private HubServer server;

  @BeforeEach
  void start() throws IOException {
    server = new HubServer().small("config.json", CONFIG).large("model.safetensors", WEIGHTS);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private ModelHub hub(String... settings) {
    Map<String, String> environment = new HashMap<>();
    environment.put("HF_ENDPOINT", server.endpoint() + "/");
    environment.put("HF_HUB_CACHE", cache.toString());
    environment.put("HF_HOME", cache.resolve("home").toString());
    for (int i = 0; i < settings.length; i += 2) {
      environment.put(settings[i], settings[i + 1]);
    }
    return ModelHub.of(environment);
  }

  @Test
  void keepsFilesInTheUsualLayout() throws IOException {
    Path config = hub().file("owner/name", "config.json");
    Path weights = hub().weights("owner/name");
    Path model = cache.resolve("models--owner--name");
    Path snapshot = model.resolve("snapshots").resolve(HubServer.COMMIT);
    assertEquals(snapshot.resolve("config.json"), config);
    assertEquals(snapshot.resolve("model.safetensors"), weights);
    assertArrayEquals(CONFIG, Files.readAllBytes(config));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(weights));
    assertEquals(HubServer.COMMIT, Files.readString(model.resolve("refs/main")));
    Path blob = model.resolve("blobs").resolve(HubServer.hash("SHA-256", WEIGHTS));
    assertTrue(Files.isSameFile(blob, weights));
  }

  @Test
  void fetchesOnceAndThenOnlyAsksWhetherTheFileHasChanged() throws IOException {
    hub().file("owner/name", "model.safetensors");
    hub().file("owner/name", "model.safetensors");
    assertEquals(1, server.requests.stream().filter(r -> r.startsWith("GET store")).count());
    byte[] changed = {1, 2, 3};
    server.large("model.safetensors", changed);
    server.commit = "f".repeat(40);
    assertArrayEquals(changed, Files.readAllBytes(hub().file("owner/name", "model.safetensors")));
  }

  @Test
  void aCommitIsNeverAskedForAgain() throws IOException {
    String model = "owner/name@" + HubServer.COMMIT;
    Path first = hub().file(model, "config.json");
    server.requests.clear();
    assertEquals(first, hub().file(model, "config.json"));
    assertEquals(List.of(), server.requests);
  }

  @Test
  void followsModelsToTheirNewNames() throws IOException {
    assertArrayEquals(CONFIG, Files.readAllBytes(hub().file("owner/old-name", "config.json")));
  }

  @Test
  void goesOnWhereTheConnectionWasCut() throws IOException {
    server.fault = Fault.CUT_HALFWAY_ONCE;
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().file("owner/name", "model.safetensors")));
    List<String> fetches = server.requests.stream().filter(r -> r.startsWith("GET store")).toList();
    assertEquals(2, fetches.size());
    assertTrue(fetches.get(1).matches(".* bytes=[1-9]\\d*-"), fetches.get(1));
  }

  @Test
  void goesOnWhereNoMoreBytesCame() throws IOException {
    server.fault = Fault.STALLS_HALFWAY_ONCE;
    Path file = hub("HF_HUB_DOWNLOAD_TIMEOUT", "4").file("owner/name", "model.safetensors");
    assertArrayEquals(WEIGHTS, Files.readAllBytes(file));
    assertEquals(2, server.requests.stream().filter(r -> r.startsWith("GET store")).count());
  }

  @Test
  void theHubItselfSaysWhatASmallFileIsThoughItSendsOnWithin() throws IOException {
    server.cachesSmall = true;
    assertArrayEquals(CONFIG, Files.readAllBytes(hub().file("owner/name", "config.json")));
  }

  @Test
  void goesOnWhereAnEarlierProcessWasBrokenOff() throws IOException {
    leaveIncomplete(Arrays.copyOf(WEIGHTS, 600_000));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().file("owner/name", "model.safetensors")));
    assertTrue(server.requests.contains("GET store/model.safetensors bytes=600000-"));
  }

  @Test
  void startsAgainWhereTheBeginningWasDamaged() throws IOException {
    leaveIncomplete(new byte[600_000]);
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().file("owner/name", "model.safetensors")));
  }

  @Test
  void startsAgainWhereTheServerIgnoresRanges() throws IOException {
    server.fault = Fault.IGNORES_RANGES;
    leaveIncomplete(Arrays.copyOf(WEIGHTS, 600_000));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().file("owner/name", "model.safetensors")));
  }

  private Path blob() {
    return cache.resolve("models--owner--name/blobs").resolve(HubServer.hash("SHA-256", WEIGHTS));
  }

  private void leaveIncomplete(byte[] beginning) throws IOException {
    Files.createDirectories(blob().getParent());
    Files.write(blob().resolveSibling(blob().getFileName() + ".incomplete"), beginning);
  }

  @Test
  void triesAgainWhereTheServerFailsForAMoment() throws IOException {
    server.fault = Fault.FAILS_ONCE;
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().file("owner/name", "model.safetensors")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"WRONG_BYTES", "SENDS_TOO_MUCH"})
  void refusesContentThatIsNotWhatWasAnnounced(String fault) {
    server.fault = Fault.valueOf(fault);
    String message =
        assertThrows(IOException.class, () -> hub().file("owner/name", "model.safetensors"))
            .getMessage();
    assertTrue(message.contains("announced"), message);
    assertFalse(Files.exists(blob()));
  }

  @Test
  void aModelOrFileThatIsNotThereIsSaidSo() throws IOException {
    assertEquals(Optional.empty(), hub().find("owner/name", "absent.json"));
    assertThrows(NoSuchFileException.class, () -> hub().file("owner/name", "absent.json"));
    String message =
        assertThrows(IOException.class, () -> hub().file("owner/absent", "config.json"))
            .getMessage();
    assertTrue(message.contains("no such model"), message);
    assertThrows(NoSuchFileException.class, () -> hub().weights("./no/such/folder"));
  }

  @Test
  void theTokenGoesToTheHubAndNowhereElse() throws IOException {
    server.requiredToken = "secret";
    String message =
        assertThrows(IOException.class, () -> hub().file("owner/name", "model.safetensors"))
            .getMessage();
    assertTrue(message.contains("HF_TOKEN"), message);
    assertFalse(message.contains("secret"), message);
    Path file = hub("HF_TOKEN", "secret").file("owner/name", "model.safetensors");
    assertArrayEquals(WEIGHTS, Files.readAllBytes(file));
    assertEquals(List.of(), server.tokensAtStore);
  }

  @Test
  void theTokenThatALoginHasStoredServesAsWell() throws IOException {
    server.requiredToken = "secret";
    Files.createDirectories(cache.resolve("home"));
    Files.writeString(cache.resolve("home/token"), "secret\n");
    assertArrayEquals(CONFIG, Files.readAllBytes(hub().file("owner/name", "config.json")));
    Path elsewhere = Files.writeString(cache.resolve("other"), "wrong");
    assertThrows(
        IOException.class,
        () -> hub("HF_TOKEN_PATH", elsewhere.toString()).file("owner/name", "model.safetensors"));
  }

  @Test
  void offlineUsesWhatIsHereAndAsksNobody() throws IOException {
    String message =
        assertThrows(
                IOException.class,
                () -> hub("HF_HUB_OFFLINE", "1").file("owner/name", "config.json"))
            .getMessage();
    assertTrue(message.contains("HF_HUB_OFFLINE"), message);
    Path fetched = hub().file("owner/name", "config.json");
    server.requests.clear();
    assertEquals(fetched, hub("HF_HUB_OFFLINE", "YES").file("owner/name", "config.json"));
    assertThrows(NoSuchFileException.class, () -> hub("HF_HUB_OFFLINE", "1").weights("owner/name"));
    assertEquals(List.of(), server.requests);
  }

  @Test
  void withoutConnectionWhatIsHereIsUsed() throws IOException {
    Path fetched = hub().file("owner/name", "config.json");
    ModelHub hub = hub();
    server.close();
    assertEquals(fetched, hub.file("owner/name", "config.json"));
    assertThrows(IOException.class, () -> hub.file("owner/name", "model.safetensors"));
  }

  @Test
  void progressRunsFromNothingToAll() throws IOException {
    List<Long> done = Collections.synchronizedList(new ArrayList<>());
    hub()
        .withProgress(
            (task, now, total) -> {
              assertTrue(task.contains("model.safetensors"), task);
              assertEquals(WEIGHTS.length, total);
              done.add(now);
            })
        .file("owner/name", "model.safetensors");
    assertEquals(0L, done.get(0));
    assertEquals(WEIGHTS.length, done.get(done.size() - 1));
    assertEquals(done.stream().sorted().toList(), done);
  }

  @Test
  void progressIsToldOneThingAtATimeWhateverTheNumberOfThreads() throws Exception {
    server.large("other.safetensors", Arrays.copyOf(WEIGHTS, WEIGHTS.length - 1));
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    ModelHub hub =
        hub()
            .withProgress(
                (task, now, total) -> {
                  most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                  LockSupport.parkNanos(1_000_000);
                  inside.decrementAndGet();
                });
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Callable<Path>> fetches =
          List.of(
              () -> hub.file("owner/name", "model.safetensors"),
              () -> hub.file("owner/name", "other.safetensors"));
      for (Future<Path> fetched : threads.invokeAll(fetches)) {
        assertTrue(Files.exists(fetched.get()));
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(1, most.get());
  }

  @Test
  void fetchesEveryShardOfSeveral() throws IOException {
    server = new HubServer().large("a.bin", new byte[] {1}).large("sub/b.bin", new byte[] {2});
    String index = "{\"weight_map\": {\"x\": \"a.bin\", \"y\": \"sub/b.bin\"}}";
    server.small("pytorch_model.bin.index.json", index.getBytes(StandardCharsets.UTF_8));
    Path file = hub().weights("owner/name");
    assertTrue(Files.exists(file.resolveSibling("a.bin")));
    assertTrue(Files.exists(file.resolveSibling("sub/b.bin")));
  }

  @Test
  void threadsShareOneDownload() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<Path>> files = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      files.add(threads.submit(() -> hub().file("owner/name", "model.safetensors")));
    }
    for (Future<Path> file : files) {
      assertArrayEquals(WEIGHTS, Files.readAllBytes(file.get(60, TimeUnit.SECONDS)));
    }
    threads.shutdown();
    assertEquals(1, server.requests.stream().filter(r -> r.startsWith("GET store")).count());
  }

  @Test
  void processesShareOneDownload() throws Exception {
    List<Process> processes = List.of(otherProcess(), otherProcess());
    for (Process process : processes) {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(0, process.exitValue(), output);
    }
    assertArrayEquals(WEIGHTS, Files.readAllBytes(blob()));
    assertEquals(1, server.requests.stream().filter(r -> r.startsWith("GET store")).count());
  }

  private Process otherProcess() throws IOException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-cp",
            classPath,
            Fetching.class.getName());
    builder.environment().put("HF_ENDPOINT", server.endpoint());
    builder.environment().put("HF_HUB_CACHE", cache.toString());
    return builder.redirectErrorStream(true).start();
  }

  /** The other process. */
  static final class Fetching {
    private Fetching() {}

    public static void main(String[] arguments) throws IOException {
      ModelHub.fromEnvironment().file("owner/name", "model.safetensors");
    }
  }

  @Test
  void localPathsWorkWhereverAnIdDoes() throws IOException {
    Path folder = Files.createDirectory(cache.resolve("local"));
    Path config = Files.write(folder.resolve("config.json"), CONFIG);
    Path weights = Files.write(folder.resolve("model.safetensors"), WEIGHTS);
    assertEquals(config, hub().file(folder.toString(), "config.json"));
    assertEquals(weights, hub().weights(folder.toString()));
    assertEquals(weights, hub().weights(weights.toString()));
    assertEquals(Optional.empty(), hub().find(folder.toString(), "absent"));
    assertEquals(List.of(), server.requests);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../name",
        "owner/..",
        "owner/.hidden",
        "a--b/name",
        "owner/na..me",
        "owner/name/more",
        "owner\\name",
        "owner/",
        "/name",
        "owner/name@../x",
        "owner/name@",
        "a b/c",
        ""
      })
  void whatIsNoIdIsRefusedUnasked(String model) {
    assertThrows(IOException.class, () -> hub().file(model, "config.json"));
    assertThrows(IllegalArgumentException.class, () -> ModelId.parse(model));
    assertEquals(List.of(), server.requests);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../x", "a/../../x", "/etc/passwd", "a\\b", "", "a//b", ".", "C:x", "a\0"})
  void fileNamesStayInsideTheModel(String name) {
    assertThrows(IllegalArgumentException.class, () -> hub().file("owner/name", name));
    assertThrows(IllegalArgumentException.class, () -> hub().file(cache.toString(), name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../../outside", "", "main"})
  void answersThatNameNoCommitAreRefused(String commit) {
    server.commit = commit;
    assertThrows(IOException.class, () -> hub().file("owner/name", "config.json"));
  }

  @Test
  void theEnvironmentSaysWhereTheCacheIs() {
    assertEquals(Path.of("c"), Settings.of(Map.of("HF_HUB_CACHE", "c", "HF_HOME", "h")).cache());
    assertEquals(Path.of("h", "hub"), Settings.of(Map.of("HF_HOME", "h")).cache());
    assertEquals(
        Path.of("x", "huggingface", "hub"), Settings.of(Map.of("XDG_CACHE_HOME", "x")).cache());
    assertTrue(Settings.of(Map.of()).cache().endsWith(Path.of(".cache", "huggingface", "hub")));
    for (String endpoint : List.of("ftp://x", "//x", "x:80", "http://a b")) {
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> Settings.of(Map.of("HF_ENDPOINT", endpoint)))
              .getMessage();
      assertTrue(message.contains("HF_ENDPOINT"), message);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> Settings.of(Map.of("HF_HUB_DOWNLOAD_TIMEOUT", "never")));
  }
}
