package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.examples.serve.Access;
import org.zeroseg.examples.serve.Limits;
import org.zeroseg.examples.serve.Methods;
import org.zeroseg.examples.serve.Question;
import org.zeroseg.examples.serve.SegmentationServer;
import org.zeroseg.examples.serve.TaskPictures;
import org.zeroseg.zutis.Zutis;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A page to try words on pictures, and an API for programs. */
@Command(
    name = "serve",
    description = "Serves a page, a REST API and predictions for Label Studio.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Takes the models that segment takes. The page is at http://127.0.0.1:8080/, the API's",
      "description at /openapi.json. Only this machine can ask unless --host says otherwise.",
      "With a token (a file, or the environment's ZEROSEG_TOKEN) every request must bring it.",
      "",
      "  zeroseg serve --model openai/clip-vit-base-patch16",
      "  zeroseg serve --model openai/clip-vit-large-patch14-336 \\",
      "      --discover \"--model openai/clip-vit-large-patch14-336 --names words.txt\""
    })
final class ServeCommand implements Callable<Integer> {

  private static final String OFF = "off";

  /** A word of a command line, in quotation marks where it has blanks. */
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

  /** Where a token may lie beside a file. */
  private static final String TOKEN = "ZEROSEG_TOKEN";

  /** As Label Studio's own tools call it. */
  private static final String LABEL_STUDIO_KEY = "LABEL_STUDIO_API_KEY";

  @Spec private CommandSpec spec;

  @Mixin private WordModel model;
  @Mixin private WordsAround around;

  @Option(
      names = {"-w", "--words"},
      paramLabel = "A,B,C",
      description = "What is looked for where a request names nothing; the page begins with it.")
  private Optional<String> words;

  @Option(
      names = "--discover",
      paramLabel = "OPTIONS",
      description =
          "Also find and name segments without words: options of 'zeroseg discover' in quotation"
              + " marks, or 'off'. Default: the demo with demo-shapes, else off.")
  private Optional<String> discover;

  @Option(
      names = "--saliency",
      paramLabel = "OPTIONS",
      description =
          "Also find the salient object: options of 'zeroseg saliency' in quotation marks, or"
              + " 'off'. Default: the demo with the demo, else off.")
  private Optional<String> saliency;

  @Option(
      names = "--host",
      defaultValue = "127.0.0.1",
      paramLabel = "ADDRESS",
      description =
          "Where to listen; 0.0.0.0 for all that the machine has. Default: ${DEFAULT-VALUE}.")
  private String host;

  @Option(
      names = "--port",
      defaultValue = "8080",
      paramLabel = "N",
      description = "0 for any that is free. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "Holds the token that requests must bring.")
  private Optional<Path> tokenFile;

  @Option(
      names = "--allow-host",
      paramLabel = "NAME",
      description =
          "A name that the server is called by, as behind a proxy, beside those of the own machine;"
              + " repeatable. Others are refused.")
  private List<String> hosts = List.of();

  @Option(
      names = "--cors",
      paramLabel = "ORIGIN",
      description = "Pages that may ask, such as https://tools.example.org; repeatable.")
  private List<String> origins = List.of();

  @Option(
      names = "--concurrency",
      defaultValue = "2",
      paramLabel = "N",
      description = "Pictures looked at at once. Default: ${DEFAULT-VALUE}.")
  private int concurrency;

  @Option(
      names = "--queue",
      defaultValue = "16",
      paramLabel = "N",
      description = "Requests that may wait; others are sent away. Default: ${DEFAULT-VALUE}.")
  private int queue;

  @Option(
      names = "--max-bytes",
      defaultValue = "20971520",
      paramLabel = "N",
      description = "Of a picture's file. Default: ${DEFAULT-VALUE}.")
  private long bytes;

  @Option(
      names = "--max-pixels",
      defaultValue = "50000000",
      paramLabel = "N",
      description = "Of a picture. Default: ${DEFAULT-VALUE}.")
  private long pixels;

  @Option(
      names = "--max-words",
      defaultValue = "256",
      paramLabel = "N",
      description = "Of a request. Default: ${DEFAULT-VALUE}.")
  private int most;

  @Option(
      names = "--timeout",
      defaultValue = "120",
      paramLabel = "SECONDS",
      description = "How long a request may take, waiting included. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--stop-timeout",
      defaultValue = "30",
      paramLabel = "SECONDS",
      description = "How long requests may take to end on a stop. Default: ${DEFAULT-VALUE}.")
  private int stopSeconds;

  @Option(
      names = "--label-studio-files",
      paramLabel = "FOLDER",
      description = "Pictures of Label Studio's tasks: its local storage's folder, or its media.")
  private Optional<Path> files;

  @Option(
      names = "--label-studio",
      paramLabel = "URL",
      description =
          "Fetch pictures of tasks from this Label Studio, with the key in the environment's "
              + LABEL_STUDIO_KEY
              + ".")
  private Optional<URI> labelStudio;

  /** What is named by --discover. */
  @Command(name = "--discover")
  static final class Discover {
    @Mixin private GuideModel guides;
  }

  /** What is named by --saliency. */
  @Command(name = "--saliency")
  static final class Salient {
    @Mixin private SaliencyModel saliency;
  }

  @Override
  public Integer call() throws IOException {
    model.check();
    around.presence(model);
    List<Vocabulary.Category> usual = usual();
    Limits limits = limits();
    Access access = access();
    TaskPictures pictures = new TaskPictures(files, labelStudio(), environment(LABEL_STUDIO_KEY));
    Optional<Discover> discovering =
        options(
            discover.or(this::ofDemo),
            "--discover",
            new Discover(),
            chosen -> chosen.guides.check());
    Optional<Salient> finding =
        options(saliency.or(this::ofDemo), "--saliency", new Salient(), chosen -> {});
    try (Closing open = new Closing();
        ConsoleProgress console = new ConsoleProgress()) {
      Opening opening = new Opening(console);
      Segmenter segmenter = open.add(model.segmenter(Zutis.Answer.BOTH, usual, opening));
      Optional<Function<Picture, Segmentation>> discoverer = Optional.empty();
      if (discovering.isPresent()) {
        Clip clip = open.add(discovering.get().guides.clip(opening));
        GuideModel.Guide guide = open.add(discovering.get().guides.guide(clip, opening));
        discoverer = Optional.of(picture -> guide.zeroGuide().discover(picture).segmentation());
      }
      Optional<Function<Picture, Segmentation>> detector = Optional.empty();
      if (finding.isPresent()) {
        SaliencyDetector salient = open.add(finding.get().saliency.detector());
        detector =
            Optional.of(picture -> SaliencyCommand.segmentation(picture, salient.detect(picture)));
      }
      opening.end();
      Methods methods =
          new Methods(
              model.title(), note(), usual, segmenter, this::vocabulary, discoverer, detector);
      serve(methods, limits, access, pictures);
    }
    return CommandLine.ExitCode.OK;
  }

  private void serve(Methods methods, Limits limits, Access access, TaskPictures pictures)
      throws IOException {
    SegmentationServer server =
        SegmentationServer.start(
            new InetSocketAddress(addresses()[0], port), methods, limits, access, pictures);
    Thread hook =
        new Thread(
            () -> {
              try {
                server.stop(Duration.ofSeconds(stopSeconds));
              } catch (IOException e) {
                System.err.println("zeroseg: " + e.getMessage());
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);
    PrintWriter out = spec.commandLine().getOut();
    String name = host.contains(":") ? "[" + host + "]" : host;
    out.println("Serving at http://" + name + ":" + server.port() + "/ (Ctrl-C ends it)");
    if (!isLoopback() && access.token().isEmpty()) {
      out.println("Note: whoever reaches this machine may ask; --token-file changes that");
    }
    out.flush();
    try {
      server.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      server.stop(Duration.ofSeconds(stopSeconds));
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  private String note() {
    return model
        .small()
        .map(Demo::knows)
        .map(text -> Character.toUpperCase(text.charAt(0)) + text.substring(1) + ".")
        .orElse("");
  }

  private List<Vocabulary.Category> usual() {
    if (words.isEmpty() && model.needsWords()) {
      throw model.misuse("--word-vectors reads the vectors of --words only: name all there");
    }
    return words
        .map(list -> WordsAround.parsed(model, "--words", () -> CategoryList.parse(list)))
        .orElse(List.of());
  }

  private Limits limits() {
    try {
      return new Limits(concurrency, queue, bytes, pixels, most, Duration.ofSeconds(seconds));
    } catch (IllegalArgumentException e) {
      throw model.misuse(e.getMessage());
    }
  }

  private Access access() throws IOException {
    String token = environment(TOKEN);
    if (tokenFile.isPresent()) {
      token = TextFile.read(tokenFile.get()).strip();
      if (token.isEmpty()) {
        throw model.misuse("--token-file: " + tokenFile.get() + " is empty");
      }
    }
    Set<String> names = new HashSet<>(hosts);
    if (isLoopback() || !hosts.isEmpty()) {
      names.addAll(Access.LOOPBACK);
    }
    return new Access(
        Optional.of(token).filter(text -> !text.isEmpty()), names, new HashSet<>(origins));
  }

  private boolean isLoopback() {
    return addresses()[0].isLoopbackAddress();
  }

  private InetAddress[] addresses() {
    try {
      return InetAddress.getAllByName(host);
    } catch (IOException e) {
      throw model.misuse("--host " + host + ": there is no such address");
    }
  }

  private Optional<URI> labelStudio() {
    if (labelStudio.isPresent()) {
      String scheme = labelStudio.get().getScheme();
      if (!("http".equals(scheme) || "https".equals(scheme))
          || labelStudio.get().getHost() == null) {
        throw model.misuse("--label-studio " + labelStudio.get() + ": http://... or https://...");
      }
    }
    return labelStudio;
  }

  private static String environment(String name) {
    return Optional.ofNullable(System.getenv(name)).orElse("").strip();
  }

  /** The demo's models with a demo that has them. */
  private Optional<String> ofDemo() {
    return model.small().map(demo -> "--model " + demo);
  }

  /** Options of another command, if that is asked for. */
  private <T> Optional<T> options(
      Optional<String> given, String option, T into, Consumer<T> check) {
    if (given.isEmpty() || given.get().strip().equals(OFF)) {
      return Optional.empty();
    }
    List<String> parts = new ArrayList<>();
    Matcher word = WORD.matcher(given.get());
    while (word.find()) {
      String marked = word.group(1) == null ? word.group(2) : word.group(1);
      parts.add(marked == null ? word.group(3) : marked);
    }
    try {
      new CommandLine(into)
          .setCaseInsensitiveEnumValuesAllowed(true)
          .setExpandAtFiles(false)
          .parseArgs(parts.toArray(String[]::new));
      check.accept(into);
    } catch (CommandLine.ParameterException e) {
      throw model.misuse(option + ": " + e.getMessage());
    }
    return Optional.of(into);
  }

  /** A request's words, with what the request or else the command line says is around them. */
  private Vocabulary vocabulary(Question question) {
    Vocabulary named = Vocabulary.of(question.categories());
    Vocabulary all;
    try {
      if (question.background().isPresent()) {
        all =
            model.wordsOfPhotographs(
                named.withBackground(question.background().get().toArray(String[]::new)));
      } else {
        all = question.allPixels() ? model.wordsAlone(named) : around.around(named, model);
      }
    } catch (CommandLine.ParameterException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    Vocabulary excluding =
        question.not().isEmpty() ? all : all.excluding(question.not().toArray(String[]::new));
    return question.threshold().map(excluding::withBackgroundThreshold).orElse(excluding);
  }

  /** Shows what opening the models takes; what single requests take is nobody's to watch. */
  private static final class Opening implements Progress {
    private final Progress console;
    private volatile boolean ended;

    Opening(Progress console) {
      this.console = console;
    }

    void end() {
      ended = true;
    }

    @Override
    public void update(String task, long done, long total) {
      if (!ended) {
        console.update(task, done, total);
      }
    }
  }

  /** Closes models, the last opened first. */
  private static final class Closing implements AutoCloseable {
    private final List<AutoCloseable> models = new ArrayList<>();

    <T extends AutoCloseable> T add(T opened) {
      models.add(0, opened);
      return opened;
    }

    @Override
    public void close() throws IOException {
      for (AutoCloseable each : models) {
        try {
          each.close();
        } catch (IOException | RuntimeException e) {
          throw e;
        } catch (Exception e) {
          throw new IOException(e);
        }
      }
    }
  }
}
