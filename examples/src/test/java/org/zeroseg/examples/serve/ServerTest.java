package org.zeroseg.examples.serve;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;

/** Starts servers on a segmenter that is easy to foretell, and asks them. */
abstract class ServerTest {

  static final Limits LIMITS = new Limits(2, 4, 200_000, 100_000, 8, Duration.ofSeconds(20));

  static final Access OPEN = new Access(Optional.empty(), Access.LOOPBACK, Set.of());

  static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final List<SegmentationServer> running = new ArrayList<>();
  SegmentationServer server;

  /** The n-th word is found in the n-th part of the picture, from left to right. */
  static final class Stripes implements Segmenter {
    @Override
    public List<Segmentation> segment(List<Picture> pictures, Vocabulary words) {
      return pictures.stream().map(picture -> stripes(picture, words)).toList();
    }

    private static Segmentation stripes(Picture picture, Vocabulary words) {
      int width = picture.width();
      int height = picture.height();
      List<Segment> found = new ArrayList<>();
      int[] labels = new int[width * height];
      for (int label = 1; label <= words.size(); label++) {
        int from = (label - 1) * width / words.size();
        int to = label * width / words.size();
        double score = 1.0 / label;
        if (score >= words.backgroundThreshold().orElse(0)) {
          Mask mask = Mask.of(width, height, (x, y) -> x >= from && x < to);
          found.add(Segment.of(label, words.names().get(label - 1), score, mask));
          int own = label;
          mask.forEach((x, y) -> labels[y * width + x] = own);
        }
      }
      return Segmentation.of(width, height, words.names(), labels, found);
    }

    @Override
    public void close() {
      // holds nothing
    }
  }

  static Methods methods(Segmenter segmenter) {
    Function<Picture, Segmentation> whole =
        picture -> segmenter.segment(picture, Vocabulary.of("something"));
    return new Methods(
        "stripes",
        "",
        List.of(),
        segmenter,
        question -> {
          Vocabulary words = Vocabulary.of(question.categories());
          Vocabulary all =
              question
                  .background()
                  .map(background -> words.withBackground(background.toArray(String[]::new)))
                  .orElse(words)
                  .excluding(question.not().toArray(String[]::new));
          return question.threshold().map(all::withBackgroundThreshold).orElse(all);
        },
        Optional.of(whole),
        Optional.empty());
  }

  void start() throws IOException {
    start(new Stripes(), LIMITS, OPEN, TaskPictures.IN_TASKS);
  }

  void start(Segmenter segmenter, Limits limits, Access access, TaskPictures pictures)
      throws IOException {
    server =
        SegmentationServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            methods(segmenter),
            limits,
            access,
            pictures);
    running.add(server);
  }

  @AfterEach
  void stop() throws IOException {
    for (SegmentationServer each : running) {
      each.stop(Duration.ofSeconds(5));
    }
  }

  static byte[] png(int width, int height) {
    byte[] samples = new byte[3 * width * height];
    Arrays.fill(samples, (byte) 120);
    return Picture.of(PixelFormat.RGB, width, height, samples).toPng();
  }

  static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
        .timeout(Duration.ofSeconds(30));
  }

  static HttpResponse<byte[]> send(HttpRequest request) throws Exception {
    return CLIENT.send(request, HttpResponse.BodyHandlers.ofByteArray());
  }

  HttpResponse<byte[]> get(String path) throws Exception {
    return send(to(path).build());
  }

  HttpResponse<byte[]> postJson(String path, String json) throws Exception {
    return send(json(path, json).build());
  }

  HttpRequest.Builder json(String path, String json) {
    return to(path)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(json));
  }

  HttpResponse<byte[]> postForm(String path, byte[] picture, String... fields) throws Exception {
    return send(form(path, picture, fields).build());
  }

  HttpRequest.Builder form(String path, byte[] picture, String... fields) {
    Form form = new Form();
    form.part("picture", "a photo.png", picture);
    for (int i = 0; i < fields.length; i += 2) {
      form.part(fields[i], "", fields[i + 1].getBytes(StandardCharsets.UTF_8));
    }
    return to(path)
        .header("Content-Type", Form.TYPE)
        .POST(HttpRequest.BodyPublishers.ofByteArray(form.end()));
  }

  /** A form of several parts. */
  static final class Form {
    static final String TYPE = "multipart/form-data; boundary=\"--- =a b\"";
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    void part(String name, String file, byte[] content) {
      String head =
          "----- =a b\r\nContent-Disposition: form-data; name=\""
              + name
              + "\""
              + (file.isEmpty() ? "" : "; filename=\"" + file + "\"")
              + "\r\n\r\n";
      bytes.writeBytes(head.getBytes(StandardCharsets.UTF_8));
      bytes.writeBytes(content);
      bytes.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    }

    byte[] end() {
      bytes.writeBytes("----- =a b--\r\n".getBytes(StandardCharsets.UTF_8));
      return bytes.toByteArray();
    }
  }

  static JsonObject json(HttpResponse<byte[]> response) {
    return JsonParser.parseString(text(response)).getAsJsonObject();
  }

  static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }
}
