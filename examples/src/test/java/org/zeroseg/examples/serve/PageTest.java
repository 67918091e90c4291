package org.zeroseg.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.zutis.Zutis;

/** The page in a browser, with the demo's ZUTIS behind it. */
@Tag("browser")
class PageTest {

  private static final String WORDS = "green square, blue square, red star, purple diamond";

  private static Zutis zutis;
  private static SegmentationServer server;

  @TempDir Path downloads;
  private ChromeDriver browser;

  @BeforeAll
  static void serve() throws IOException {
    zutis = DemoModels.zutis(Zutis.Answer.BOTH);
    Methods methods =
        new Methods(
            "demo",
            "The demo knows shapes only.",
            List.of(),
            zutis,
            question -> {
              Vocabulary words = Vocabulary.of(question.categories());
              return question.threshold().map(words::withBackgroundThreshold).orElse(words);
            },
            Optional.of(PageTest::everything),
            Optional.empty());
    server =
        SegmentationServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            methods,
            Limits.DEFAULT,
            new Access(Optional.empty(), Access.LOOPBACK, Set.of()),
            TaskPictures.IN_TASKS);
  }

  private static Segmentation everything(Picture picture) {
    return zutis.segment(picture, Vocabulary.of(DemoModels.names().toArray(String[]::new)));
  }

  @AfterAll
  static void end() throws IOException {
    server.stop(Duration.ofSeconds(10));
    zutis.close();
  }

  @BeforeEach
  void open() {
    Optional<File> chromium = program("chromium", "chromium-browser", "google-chrome");
    Optional<File> driver = program("chromedriver");
    assumeTrue(chromium.isPresent() && driver.isPresent(), "chromium and chromedriver");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.get());
    options.addArguments(
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900");
    options.setExperimentalOption(
        "prefs", Map.of("download.default_directory", downloads.toString()));
    options.setCapability("goog:loggingPrefs", Map.of("browser", "ALL"));
    ChromeDriverService service =
        new ChromeDriverService.Builder().usingDriverExecutable(driver.get()).build();
    browser = new ChromeDriver(service, options);
    browser.get("http://127.0.0.1:" + server.port() + "/");
    await("document.getElementById('model').textContent.includes('demo')");
  }

  private static Optional<File> program(String... names) {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Stream.of(names)
        .flatMap(
            name -> Stream.of(path.split(File.pathSeparator, -1)).map(in -> new File(in, name)))
        .filter(File::canExecute)
        .findFirst();
  }

  /** Nothing came from elsewhere, and nothing was refused or failed. */
  @AfterEach
  void close() {
    if (browser == null) {
      return;
    }
    try {
      Object elsewhere =
          js(
              "return performance.getEntriesByType('resource').map(e => e.name)"
                  + ".filter(n => !n.startsWith(location.origin) && !/^(blob|data):/.test(n))");
      assertEquals(List.of(), elsewhere);
      List<LogEntry> said = new ArrayList<>();
      for (LogEntry entry : browser.manage().logs().get("browser")) {
        if (entry.getLevel().intValue() >= Level.SEVERE.intValue()) {
          said.add(entry);
        }
      }
      assertEquals(List.of(), said);
    } finally {
      browser.quit();
    }
  }

  private Object js(String script, Object... arguments) {
    return browser.executeScript(script, arguments);
  }

  private void await(String condition) {
    for (int i = 0; i < 1200; i++) {
      if (Boolean.TRUE.equals(js("return Boolean(" + condition + ")"))) {
        return;
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new AssertionError(condition + ": " + text("status") + " " + text("problem"));
  }

  private WebElement at(String id) {
    return browser.findElement(By.id(id));
  }

  private String text(String id) {
    return String.valueOf(js("return document.getElementById(arguments[0]).textContent", id));
  }

  private static Path scene() {
    return Path.of(System.getProperty("zeroseg.root"), "docs", "images", "scene.png");
  }

  /** As the browser does when a picture is dropped or pasted. */
  private void give(String event, Path picture) throws IOException {
    js(
        "const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0));"
            + "const data = new DataTransfer();"
            + "data.items.add(new File([bytes], 'scene.png', {type: 'image/png'}));"
            + "document.body.dispatchEvent(arguments[1] === 'drop'"
            + " ? new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data})"
            + " : new ClipboardEvent('paste', {bubbles: true, cancelable: true,"
            + " clipboardData: data}));",
        ServerTest.base64(Files.readAllBytes(picture)),
        event);
  }

  private void find(String words) throws IOException {
    give("drop", scene());
    await("state.result && !state.asking");
    at("words").sendKeys(words, Keys.ENTER);
    await("!state.asking && state.kind === 'segment' && state.result.names.length === 4");
  }

  /** Pixels of the overlay that show something, and the sum of how much. */
  private List<Long> painted() {
    Object counts =
        js(
            "const c = document.getElementById('overlay');"
                + "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                + "let n = 0, sum = 0;"
                + "for (let i = 3; i < d.length; i += 4) { n += d[i] > 0; sum += d[i]; }"
                + "return [n, sum]");
    return ((List<?>) counts).stream().map(each -> ((Number) each).longValue()).toList();
  }

  private void shoot(String name, int width, int height) throws IOException {
    browser.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    js("window.dispatchEvent(new Event('resize'))");
    Path folder = Path.of(System.getProperty("zeroseg.root"), "examples/target/screenshots");
    Files.createDirectories(folder);
    Files.write(folder.resolve(name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
    assertTrue(
        (Boolean) js("return document.documentElement.scrollWidth <= window.innerWidth"),
        "wider than the window: " + name);
  }

  @Test
  void aDroppedPictureIsDiscoveredAndThenSegmentedByWords() throws Exception {
    shoot("empty-desktop", 1280, 900);
    shoot("empty-phone", 390, 844);
    give("drop", scene());
    await("state.result && !state.asking");
    assertEquals("Discover", text("run"));
    at("words").sendKeys(WORDS);
    assertEquals("Segment", text("run"));
    at("run").click();
    await("!state.asking && state.kind === 'segment'");
    assertTrue(text("list").contains("green square"), text("list"));
    assertFalse(text("list").contains("red star"), text("list"));
    assertTrue(painted().get(0) > 10_000, painted().toString());
    shoot("found-desktop", 1280, 900);
    shoot("found-phone", 390, 844);
  }

  @Test
  void pointingAtASegmentTellsItsNameAndScore() throws Exception {
    find(WORDS);
    new Actions(browser).moveToElement(at("overlay"), 0, 0).perform();
    Object place =
        js(
            "const s = state.shown.find(s => s.name === 'green square');"
                + "const b = document.getElementById('overlay').getBoundingClientRect();"
                + "return [Math.round((s.box[0] + s.box[2] / 2) / state.result.width * b.width"
                + " - b.width / 2), Math.round((s.box[1] + s.box[3] / 2) / state.result.height"
                + " * b.height - b.height / 2)]");
    List<Integer> xy = ((List<?>) place).stream().map(each -> ((Number) each).intValue()).toList();
    new Actions(browser).moveToElement(at("overlay"), xy.get(0), xy.get(1)).perform();
    await("!document.getElementById('tip').hidden");
    assertTrue(
        text("tip").matches("green square, score 0\\.\\d\\d, \\d+\\.\\d\u00a0%"), text("tip"));
    shoot("pointed-desktop", 1280, 900);
  }

  @Test
  void slidersChangeWhatIsSeen() throws Exception {
    find(WORDS);
    List<Long> before = painted();
    at("opacity").sendKeys(Keys.HOME);
    assertEquals("0 %", text("opacity-value"));
    assertEquals(0, painted().get(1));
    at("opacity").sendKeys(Keys.END);
    assertTrue(painted().get(1) > before.get(1));
    at("threshold").sendKeys(Keys.END);
    await(
        "!state.asking && document.getElementById('found-title').textContent === 'Nothing found'");
    assertEquals("1.00", text("threshold-value"));
    assertEquals(0, painted().get(0));
    at("threshold").sendKeys(Keys.HOME);
    await("!state.asking && state.shown.length > 0");
    assertEquals("off", text("threshold-value"));
    String instances = text("list");
    at("instances").click();
    assertNotEquals(instances, text("list"));
  }

  @Test
  void aDownloadIsTheChosenFormat() throws Exception {
    find(WORDS);
    js(
        "const f = document.getElementById('format'); f.value = 'coco';"
            + "f.dispatchEvent(new Event('change'))");
    at("save").click();
    await("document.getElementById('status').textContent.startsWith('Saved')");
    Path file = downloads.resolve("scene.coco.zip");
    for (int i = 0; i < 200 && !Files.exists(file); i++) {
      Thread.sleep(50);
    }
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertTrue(zip.stream().anyMatch(entry -> entry.getName().equals("instances.json")));
    }
  }

  @Test
  void theKeyboardAloneWillDo() throws Exception {
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      new Actions(browser).sendKeys(Keys.TAB).perform();
      order.add(String.valueOf(js("return document.activeElement.id")));
      Object outlined =
          js(
              "const a = document.activeElement;"
                  + "const e = a.id === 'file' ? document.querySelector('#drop .button') : a;"
                  + "return getComputedStyle(e).outlineStyle");
      assertEquals("solid", outlined, order.toString());
    }
    assertEquals(
        List.of("file", "words", "run", "", "threshold", "opacity", "instances", ""), order);
    give("paste", scene());
    await("state.result && !state.asking");
    js("document.getElementById('words').focus()");
    new Actions(browser).sendKeys(WORDS, Keys.ENTER).perform();
    await("!state.asking && state.kind === 'segment'");
    at("instances").sendKeys(Keys.TAB);
    assertTrue(
        String.valueOf(js("return document.activeElement.getAttribute('aria-label')"))
            .matches("(green|blue) square, score .* of the picture"));
    assertEquals(0, ((Number) js("return state.mark")).intValue());
    js("document.getElementById('frame').focus()");
    new Actions(browser).sendKeys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN).perform();
    assertFalse(text("tip").isEmpty());
    assertEquals(text("tip"), text("status"));
  }

  @Test
  void namesAreTextWhateverTheyHold() throws Exception {
    give("drop", scene());
    await("state.result && !state.asking");
    at("words").sendKeys("<img src=x onerror=alert(1)>", Keys.ENTER);
    await("!state.asking && state.kind === 'segment'");
    assertEquals(0, browser.findElements(By.tagName("img")).size());
  }
}
