package org.zeroseg.examples.serve;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureReader;

/** Answers requests: who may ask, which route, how much, and in what shape. */
final class Api extends Handler.Abstract {

  private static final Logger LOG = LoggerFactory.getLogger(Api.class);

  /** Fields of what looks at a picture by itself. */
  private static final Set<String> FORM = Set.of("format", "instances", "tolerance", "preview");

  private static final Set<String> QUESTION =
      Set.of(
          "words",
          "background",
          "not",
          "allPixels",
          "threshold",
          "format",
          "instances",
          "tolerance",
          "preview");

  /** Nothing from elsewhere, no inline scripts, in nobody's frame. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
          + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  /** How long what remains of a refused body is read, so that the client sees the answer. */
  private static final long DRAIN = 5_000_000_000L;

  /** And how long it waits for a part of it. */
  private static final long SILENCE = 500_000_000L;

  /**
   * What there is at a path.
   *
   * @param method GET or POST
   * @param open whether no token is needed
   * @param action makes the answer
   */
  private record Route(String method, boolean open, Action action) {}

  @FunctionalInterface
  private interface Action {
    Answer answer(Request request) throws Exception;
  }

  private final Methods methods;
  private final Limits limits;
  private final Access access;
  private final TaskPictures taskPictures;
  private final Workers workers;
  private final Metrics metrics = new Metrics();
  private final Map<String, Route> routes = new LinkedHashMap<>();
  private final PictureReader reader;
  private volatile boolean leaving;

  Api(Methods methods, Limits limits, Access access, TaskPictures taskPictures, Workers workers) {
    this.methods = methods;
    this.limits = limits;
    this.access = access;
    this.taskPictures = taskPictures;
    this.workers = workers;
    reader = new PictureReader(limits.pixels(), true);
    page("/", "page.html", "text/html; charset=utf-8");
    page("/page.css", "page.css", "text/css; charset=utf-8");
    page("/page.js", "page.js", "text/javascript; charset=utf-8");
    page("/openapi.json", "openapi.json", Answer.JSON);
    get("/health", true, request -> Answer.json(200, health()));
    get("/ready", true, request -> ready());
    get("/metrics", false, request -> Answer.of(Metrics.TYPE, utf8(metrics.text(workers))));
    get("/model", false, request -> Answer.json(200, model()));
    post("/segment", request -> look(request, QUESTION, this::bySegmenter));
    post("/discover", request -> look(request, FORM, fields -> alone("discover")));
    post("/saliency", request -> look(request, FORM, fields -> alone("saliency")));
    post("/setup", request -> LabelStudio.setup(json(request)));
    post("/webhook", request -> LabelStudio.webhook(json(request)));
    post("/predict", this::predict);
  }

  private void page(String path, String resource, String type) {
    byte[] content = resource(resource);
    get(path, true, request -> Answer.of(type, content).with("Cache-Control", "no-cache"));
  }

  private void get(String path, boolean open, Action action) {
    routes.put(path, new Route("GET", open, action));
  }

  private void post(String path, Action action) {
    routes.put(path, new Route("POST", false, action));
  }

  /** The paths with their methods, as the API's description names them. */
  Map<String, String> routes() {
    return routes.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, route -> route.getValue().method()));
  }

  static byte[] resource(String name) {
    try (InputStream in = Api.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("The resource " + name + " is missing");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** From now on it is not ready. */
  void leave() {
    leaving = true;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    String path = Request.getPathInContext(request);
    Route route = routes.get(path);
    Optional<String> origin = Optional.empty();
    Answer answer;
    boolean whole = true;
    try {
      HttpFields headers = request.getHeaders();
      String authority = request.getHttpURI().getAuthority();
      String host = authority == null ? "" : authority;
      access.requireHost(host);
      origin = access.requireOrigin(headers, host);
      if (route != null && origin.isPresent() && request.getMethod().equals("OPTIONS")) {
        answer = preflight(route);
      } else {
        requireMethod(route, path, request.getMethod());
        if (!route.open()) {
          access.requireToken(headers);
        }
        answer = route.action().answer(request);
      }
    } catch (Throwable e) {
      answer = failed(e, path);
      whole = false;
    }
    long nanoseconds = System.nanoTime() - request.getBeginNanoTime();
    metrics.answered(route == null ? "other" : path, answer.status(), nanoseconds);
    if (whole) {
      send(answer, origin, response, callback);
    } else {
      if (!isReadToItsEnd(request)) {
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
      }
      Callback then = Callback.from(() -> drained(request, callback), callback::failed);
      send(answer, origin, response, then);
    }
    return true;
  }

  private static void requireMethod(Route route, String path, String method) {
    if (route == null) {
      throw new Refusal(404, "path", "one of those in /openapi.json", path);
    }
    boolean head = method.equals("HEAD") && route.method().equals("GET");
    if (!method.equals(route.method()) && !head) {
      throw new Refusal(405, "method", route.method(), method);
    }
  }

  private static Answer preflight(Route route) {
    return new Answer(
        204,
        "",
        new byte[0],
        Map.of(
            "Access-Control-Allow-Methods",
            route.method(),
            "Access-Control-Allow-Headers",
            "Authorization, Content-Type",
            "Access-Control-Max-Age",
            "600"));
  }

  private static Answer failed(Throwable failure, String path) {
    if (failure instanceof Refusal refusal) {
      return refusal.answer();
    }
    if (failure instanceof RejectedExecutionException) {
      return new Refusal(503, "server", "a server that goes on", "one that is stopping").answer();
    }
    LOG.error("{} failed", path, failure);
    String what = failure instanceof OutOfMemoryError ? "too little memory" : "a fault";
    return Refusal.error(500, "server", "an answer", what, "the server failed; its log says why");
  }

  /** Whether {@link #drained} gets to the end of the body, so that another request may follow. */
  private boolean isReadToItsEnd(Request request) {
    long length = request.getLength();
    return length < 0 ? !request.getMethod().equals("POST") : length <= limits.body();
  }

  /** Reads on for a while: a client that still sends would not see why it was refused. */
  private void drained(Request request, Callback callback) {
    long begin = System.nanoTime();
    long last = begin;
    long left = limits.body();
    try {
      for (long now = begin; left > 0 && now - begin < DRAIN && now - last < SILENCE; ) {
        Content.Chunk part = request.read();
        now = System.nanoTime();
        if (part == null) {
          Thread.sleep(10);
          continue;
        }
        left -= part.remaining();
        last = now;
        boolean end = part.isLast() || Content.Chunk.isFailure(part);
        part.release();
        if (end) {
          break;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    callback.succeeded();
  }

  private static void send(
      Answer answer, Optional<String> origin, Response response, Callback callback) {
    response.setStatus(answer.status());
    HttpFields.Mutable headers = response.getHeaders();
    if (!answer.type().isEmpty()) {
      headers.put(HttpHeader.CONTENT_TYPE, answer.type());
    }
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("Content-Security-Policy", POLICY);
    headers.put("Referrer-Policy", "no-referrer");
    headers.put("Cross-Origin-Resource-Policy", "same-origin");
    if (!answer.headers().containsKey("Cache-Control")) {
      headers.put(HttpHeader.CACHE_CONTROL, "no-store");
    }
    answer.headers().forEach(headers::put);
    origin.ifPresent(
        from -> {
          headers.put("Access-Control-Allow-Origin", from);
          headers.put("Cross-Origin-Resource-Policy", "cross-origin");
          headers.put(HttpHeader.VARY, "Origin");
        });
    if (answer.status() != 204) {
      headers.put(HttpHeader.CONTENT_LENGTH, answer.body().length);
    }
    response.write(true, ByteBuffer.wrap(answer.body()), callback);
  }

  /** What is no request of HTTP, and what comes while the server stops. */
  boolean unreadable(Request request, Response response, Callback callback) {
    int status = response.getStatus();
    Refusal refusal =
        status == 503
            ? new Refusal(503, "server", "a server that goes on", "one that is stopping")
            : new Refusal(status, "request", "a request of HTTP/1.1", "another");
    send(refusal.answer(), Optional.empty(), response, callback);
    return true;
  }

  private static String health() {
    JsonObject health = new JsonObject();
    health.addProperty("status", "UP");
    health.addProperty("model_class", "Zeroseg");
    return health.toString();
  }

  private Answer ready() {
    JsonObject ready = new JsonObject();
    ready.addProperty("ready", !leaving);
    return Answer.json(leaving ? 503 : 200, ready.toString());
  }

  /** What the page has to know. */
  private String model() {
    JsonObject model = new JsonObject();
    model.addProperty("model", methods.model());
    model.addProperty("note", methods.note());
    model.add(
        "words", strings(methods.words().stream().map(c -> String.join("|", c.words())).toList()));
    model.addProperty("discover", methods.discover().isPresent());
    model.addProperty("saliency", methods.saliency().isPresent());
    model.add("formats", strings(Result.Form.all()));
    JsonObject most = new JsonObject();
    most.addProperty("bytes", limits.bytes());
    most.addProperty("pixels", limits.pixels());
    most.addProperty("words", limits.words());
    most.addProperty("seconds", limits.patience().toSeconds());
    model.add("limits", most);
    return model.toString();
  }

  private static JsonArray strings(List<String> texts) {
    JsonArray array = new JsonArray();
    texts.forEach(array::add);
    return array;
  }

  /** A body in memory, no longer than it may be. */
  private byte[] body(Request request, Workers.Place place) throws IOException {
    HttpFields headers = request.getHeaders();
    if (headers.contains(HttpHeader.CONTENT_ENCODING)) {
      throw new Refusal(415, "Content-Encoding", "none", headers.get(HttpHeader.CONTENT_ENCODING));
    }
    long length = headers.getLongField(HttpHeader.CONTENT_LENGTH);
    requireShort(length);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) Math.max(1024, length));
    byte[] part = new byte[1 << 14];
    try (InputStream in = Request.asInputStream(request)) {
      for (int n = in.read(part); n >= 0; n = in.read(part)) {
        bytes.write(part, 0, n);
        requireShort(bytes.size());
        place.requireTime();
      }
    } catch (IOException e) {
      throw new Refusal(408, "body", "the whole request in time", "a part of it");
    }
    return bytes.toByteArray();
  }

  private void requireShort(long length) {
    if (length > limits.body()) {
      throw new Refusal(
          413, "body", "at most " + limits.body() + " bytes", length + " bytes or more");
    }
  }

  private static String contentType(Request request) {
    String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
    return type == null ? "" : type;
  }

  /** Answers about a picture, found by what the fields ask for. */
  private Answer look(
      Request request, Set<String> known, Function<Fields, Function<Picture, Segmentation>> method)
      throws Exception {
    try (Workers.Place place = workers.enter()) {
      requireIdle(request);
      Fields fields = Fields.read(contentType(request), body(request, place), limits, known);
      Function<Picture, Segmentation> finder = method.apply(fields);
      Result.Form form = fields.form();
      return place.run(
          () -> {
            long start = System.nanoTime();
            Picture picture = picture("picture", fields.picture());
            Segmentation found = finder.apply(picture);
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Result(picture, fields.picture(), fields.name(), found, seconds).as(form);
          });
    }
  }

  /** While a picture is looked at, a connection is silent, and may be so. */
  private static void requireIdle(Request request) {
    request.addIdleTimeoutListener(timeout -> false);
  }

  private Picture picture(String field, byte[] bytes) {
    try {
      Picture picture = reader.read(bytes, field).rgb();
      metrics.looked((long) picture.width() * picture.height());
      return picture;
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage()).replaceAll(" \\(system property .*\\)", "");
      throw new Refusal(
          message.contains(" pixels, more than the limit") ? 413 : 400,
          field,
          "a PNG, JPEG, GIF, BMP, TIFF or WebP of at most " + limits.pixels() + " pixels",
          message);
    }
  }

  private Function<Picture, Segmentation> bySegmenter(Fields fields) {
    return bySegmenter(fields.question(limits, methods.words()));
  }

  private Function<Picture, Segmentation> bySegmenter(Question question) {
    Vocabulary vocabulary;
    try {
      vocabulary = methods.vocabulary().apply(question);
    } catch (IllegalArgumentException e) {
      throw Refusal.of(
          "words", "words that differ and that the model knows", String.valueOf(e.getMessage()));
    }
    return picture -> {
      try {
        return methods.segmenter().segment(picture, vocabulary);
      } catch (IllegalArgumentException e) {
        throw Refusal.of("words", "words that the model knows", String.valueOf(e.getMessage()));
      }
    };
  }

  private Function<Picture, Segmentation> alone(String name) {
    Optional<Function<Picture, Segmentation>> method =
        name.equals("discover") ? methods.discover() : methods.saliency();
    return method.orElseThrow(
        () -> new Refusal(501, name, "a server started with --" + name, "one without"));
  }

  private JsonObject json(Request request) throws IOException {
    try (Workers.Place place = workers.enter()) {
      requireJson(request);
      return Fields.object(body(request, place));
    }
  }

  private static void requireJson(Request request) {
    if (!Fields.mediaType(contentType(request)).equals(Answer.JSON)) {
      throw new Refusal(415, "Content-Type", Answer.JSON, contentType(request));
    }
  }

  private Answer predict(Request request) throws Exception {
    try (Workers.Place place = workers.enter()) {
      requireIdle(request);
      requireJson(request);
      JsonObject asked = Fields.object(body(request, place));
      return place.run(
          () ->
              LabelStudio.predict(
                  asked,
                  taskPictures,
                  limits,
                  (field, bytes, question) -> bySegmenter(question).apply(picture(field, bytes))));
    }
  }
}
