package org.zeroseg.examples.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.export.AnnotationFormat;
import org.zeroseg.core.image.PictureReader;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;

/** What the API answers to requests that are right, and to those that are not. */
class ApiTest extends ServerTest {

  private static void refused(
      int status, String field, String found, HttpResponse<byte[]> response) {
    assertEquals(status, response.statusCode(), text(response));
    JsonObject error = json(response).getAsJsonObject("error");
    assertEquals(status, error.get("status").getAsInt());
    assertEquals(field, error.get("field").getAsString(), text(response));
    assertTrue(error.get("found").getAsString().contains(found), text(response));
    assertFalse(error.get("expected").getAsString().isEmpty());
  }

  private static Mask mask(JsonObject segment) {
    JsonObject mask = segment.getAsJsonObject("mask");
    JsonArray size = mask.getAsJsonArray("size");
    return Rle.parse(
            size.get(1).getAsInt(), size.get(0).getAsInt(), mask.get("counts").getAsString())
        .mask();
  }

  @Test
  void formsAndJsonOfTheSamePictureAreAnsweredAlike() throws Exception {
    start();
    JsonObject form = json(postForm("/segment", png(40, 30), "words", "cat, sofa|couch"));
    JsonObject body =
        json(
            postJson(
                "/segment",
                "{\"picture\":\"data:image/png;base64,"
                    + base64(png(40, 30))
                    + "\",\"words\":[\"cat\",\"sofa|couch\"]}"));
    form.remove("seconds");
    body.remove("seconds");
    assertEquals(form, body);
    assertEquals(40, form.get("width").getAsInt());
    assertEquals(30, form.get("height").getAsInt());
    JsonArray segments = form.getAsJsonArray("segments");
    assertEquals(2, segments.size());
    JsonObject sofa = segments.get(1).getAsJsonObject();
    assertEquals("sofa", sofa.get("name").getAsString());
    assertEquals(0.5, sofa.get("score").getAsDouble());
    assertEquals(600, sofa.get("area").getAsInt());
    assertEquals(Mask.of(40, 30, (x, y) -> x >= 20), mask(sofa));
    assertEquals(segments.size(), form.getAsJsonArray("regions").size());
  }

  @Test
  void commasBelongToTheWordsOfAList() throws Exception {
    start();
    JsonObject answer =
        json(
            postJson(
                "/segment",
                "{\"picture\":\""
                    + base64(png(8, 8))
                    + "\",\"words\":[\"salt, and pepper\"],\"threshold\":0.25}"));
    assertEquals("salt, and pepper", answer.getAsJsonArray("names").get(0).getAsString());
  }

  @Test
  void thresholdsAndTheWordsAroundReachTheSegmenter() throws Exception {
    start();
    JsonObject answer =
        json(postForm("/segment", png(30, 9), "words", "a,b,c", "threshold", "0.4", "not", "d, e"));
    assertEquals(2, answer.getAsJsonArray("segments").size());
    refused(
        400,
        "words",
        "occurs twice",
        postForm("/segment", png(9, 9), "words", "a", "background", "A"));
  }

  @Test
  void everyFormatIsAnArchiveThatCanBeReadBack() throws Exception {
    start();
    for (AnnotationFormat format : AnnotationFormat.values()) {
      HttpResponse<byte[]> response =
          postForm("/segment", png(40, 30), "words", "cat, sofa", "format", format.toString());
      assertEquals(200, response.statusCode(), format + text(response));
      assertEquals("application/zip", response.headers().firstValue("Content-Type").get());
      assertEquals(
          "attachment; filename=\"a_photo." + format + ".zip\"",
          response.headers().firstValue("Content-Disposition").get());
      List<String> names = new ArrayList<>();
      try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(response.body()))) {
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
          assertTrue(zip.readAllBytes().length > 0, entry.getName());
          names.add(entry.getName());
        }
      }
      assertFalse(names.isEmpty(), format.toString());
    }
  }

  @Test
  void anOverlayIsAPicture() throws Exception {
    start();
    HttpResponse<byte[]> response =
        postForm("/segment", png(300, 30), "words", "cat", "format", "overlay");
    assertEquals("image/png", response.headers().firstValue("Content-Type").get());
    assertEquals(300, PictureReader.asStored().read(response.body(), "overlay").width());
  }

  @Test
  void withoutInstancesThereAreRegionsOnly() throws Exception {
    start();
    JsonObject answer =
        json(
            postForm(
                "/segment", png(9, 9), "words", "a,b", "instances", "false", "preview", "true"));
    assertFalse(answer.has("segments"));
    assertEquals(2, answer.getAsJsonArray("regions").size());
    assertTrue(answer.get("preview").getAsString().startsWith("data:image/png;base64,"));
  }

  @Test
  void whatTheServerCannotDoItSays() throws Exception {
    start();
    assertEquals(200, postForm("/discover", png(9, 9)).statusCode());
    refused(501, "saliency", "without", postForm("/saliency", png(9, 9)));
    refused(400, "words", "words", postForm("/discover", png(9, 9), "words", "cat"));
  }

  @Test
  void wrongFieldsAreNamed() throws Exception {
    start();
    byte[] picture = png(9, 9);
    refused(400, "words", "", postForm("/segment", picture));
    refused(400, "words", "9 words", postForm("/segment", picture, "words", "a,b,c,d,e,f,g,h,i"));
    refused(400, "words", "|", postForm("/segment", picture, "words", "a,|"));
    refused(400, "words", "aaaa", postForm("/segment", picture, "words", "a".repeat(201)));
    refused(400, "threshold", "2", postForm("/segment", picture, "words", "a", "threshold", "2"));
    refused(400, "threshold", "x", postForm("/segment", picture, "words", "a", "threshold", "x"));
    refused(400, "format", "svg", postForm("/segment", picture, "words", "a", "format", "svg"));
    refused(
        400, "instances", "yes", postForm("/segment", picture, "words", "a", "instances", "yes"));
    refused(400, "word", "word", postForm("/segment", picture, "word", "a"));
    refused(
        400,
        "picture",
        "a",
        postForm("/segment", "abc".getBytes(StandardCharsets.UTF_8), "words", "a"));
    refused(400, "picture", "", postForm("/segment", new byte[0], "words", "a"));
    refused(400, "picture", "several", postForm("/segment", picture, "picture", "x"));
  }

  @Test
  void truncatedPicturesAreTheClientsFault() throws Exception {
    start();
    byte[] picture = png(90, 90);
    byte[] half = Arrays.copyOf(picture, picture.length / 2);
    refused(400, "picture", "damaged", postForm("/segment", half, "words", "a"));
  }

  @Test
  void malformedBodiesAreTheClientsFault() throws Exception {
    start();
    refused(400, "body", "", postJson("/segment", "{\"picture\":"));
    refused(400, "body", "", postJson("/segment", "[]"));
    refused(400, "body", "", postJson("/segment", ""));
    refused(400, "body", "", postJson("/segment", "[".repeat(100_000)));
    refused(400, "picture", "", postJson("/segment", "{\"words\":\"a\"}"));
    refused(400, "picture", "", postJson("/segment", "{\"picture\":\"*\",\"words\":\"a\"}"));
    refused(400, "picture", "{", postJson("/segment", "{\"picture\":{\"url\":\"http://x/\"}}"));
    refused(
        400,
        "words",
        "{",
        postJson("/segment", "{\"picture\":\"" + base64(png(9, 9)) + "\",\"words\":{}}"));
    for (String body :
        List.of("", "--x", "--x\r\n\r\n", "--x\r\nContent-Disposition: form-data\r\n\r\na")) {
      HttpRequest request =
          to("/segment")
              .header("Content-Type", "multipart/form-data; boundary=x")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build();
      HttpResponse<byte[]> response = send(request);
      assertEquals(400, response.statusCode(), body + " " + text(response));
    }
  }

  @Test
  void otherTypesOfContentAreRefused() throws Exception {
    start();
    for (String type : List.of("text/plain", "image/png", "application/x-www-form-urlencoded")) {
      HttpRequest request =
          to("/segment")
              .header("Content-Type", type)
              .POST(HttpRequest.BodyPublishers.ofString("x"))
              .build();
      refused(415, "Content-Type", type, send(request));
    }
    HttpRequest none =
        to("/segment").POST(HttpRequest.BodyPublishers.ofByteArray(png(9, 9))).build();
    refused(415, "Content-Type", "", send(none));
    refused(
        415,
        "Content-Encoding",
        "gzip",
        send(json("/segment", "{}").header("Content-Encoding", "gzip").build()));
    refused(
        400,
        "Content-Type",
        "",
        send(
            to("/segment")
                .header("Content-Type", "multipart/form-data")
                .POST(HttpRequest.BodyPublishers.ofString("x"))
                .build()));
  }

  @Test
  void whatIsTooLargeIsRefused() throws Exception {
    start();
    refused(413, "picture", "= 110000 pixels", postForm("/segment", png(1100, 100), "words", "a"));
    byte[] longer = new byte[200_001];
    refused(413, "picture", "200001 bytes", postForm("/segment", longer, "words", "a"));
    refused(413, "body", "bytes", postForm("/segment", new byte[3_000_000], "words", "a"));
    refused(
        413,
        "picture",
        "bytes",
        postJson("/segment", "{\"picture\":\"" + "A".repeat(400_000) + "\"}"));
    HttpRequest unknown =
        to("/segment")
            .header("Content-Type", Form.TYPE)
            .POST(
                HttpRequest.BodyPublishers.ofInputStream(
                    () -> new ByteArrayInputStream(new byte[3_000_000])))
            .build();
    refused(413, "body", "bytes", send(unknown));
  }

  @Test
  void pathsAndMethodsAreThoseOfTheDescription() throws Exception {
    start();
    JsonObject paths = json(get("/openapi.json")).getAsJsonObject("paths");
    Map<String, String> described = new TreeMap<>();
    for (String path : paths.keySet()) {
      assertEquals(1, paths.getAsJsonObject(path).size(), path);
      described.put(
          path, paths.getAsJsonObject(path).keySet().iterator().next().toUpperCase(Locale.ROOT));
    }
    Api api =
        new Api(methods(new Stripes()), LIMITS, OPEN, TaskPictures.IN_TASKS, new Workers(LIMITS));
    assertEquals(described, new TreeMap<>(api.routes()));
    for (Map.Entry<String, String> route : described.entrySet()) {
      String other = route.getValue().equals("GET") ? "PUT" : "GET";
      HttpRequest request =
          to(route.getKey()).method(other, HttpRequest.BodyPublishers.noBody()).build();
      refused(405, "method", other, send(request));
      if (route.getValue().equals("GET")) {
        assertEquals(200, get(route.getKey()).statusCode(), route.getKey());
      }
    }
    refused(404, "path", "/nothing", get("/nothing"));
    refused(400, "request", "", get("/..%2fpage.html"));
  }

  @Test
  void theDescriptionNamesFieldsAndFormatsAsTheyAre() throws Exception {
    start();
    JsonObject description = json(get("/openapi.json"));
    for (String path : List.of("/segment", "/discover")) {
      JsonObject content =
          description
              .getAsJsonObject("paths")
              .getAsJsonObject(path)
              .getAsJsonObject("post")
              .getAsJsonObject("requestBody")
              .getAsJsonObject("content");
      for (String type : content.keySet()) {
        JsonObject fields =
            content.getAsJsonObject(type).getAsJsonObject("schema").getAsJsonObject("properties");
        String found = text(postForm(path, png(9, 9), "unknown", "x"));
        for (String field : fields.keySet()) {
          assertTrue(field.equals("name") || found.contains(field), path + " " + field);
        }
        assertEquals(
            Result.Form.all(),
            fields.getAsJsonObject("format").getAsJsonArray("enum").asList().stream()
                .map(each -> each.getAsString())
                .toList());
      }
    }
  }

  @Test
  void thePageIsAloneInItsBrowser() throws Exception {
    start();
    HttpResponse<byte[]> page = get("/");
    String policy = page.headers().firstValue("Content-Security-Policy").get();
    assertTrue(policy.contains("default-src 'none'"), policy);
    assertFalse(policy.contains("unsafe"), policy);
    assertEquals("nosniff", page.headers().firstValue("X-Content-Type-Options").get());
    assertEquals(Optional.empty(), page.headers().firstValue("Server"));
    for (String path : List.of("/", "/page.css", "/page.js")) {
      String text = text(get(path));
      assertFalse(text.contains("http:") || text.contains("https:"), path);
      assertFalse(text.contains("style=") || text.contains("onclick"), path);
    }
  }

  @Test
  void countsAreForPrometheus() throws Exception {
    start();
    postForm("/segment", png(10, 10), "words", "a");
    postForm("/segment", png(10, 10));
    get("/anything/at/all");
    String text = text(get("/metrics"));
    assertTrue(
        text.contains("zeroseg_requests_total{route=\"/segment\",status=\"200\"} 1\n"), text);
    assertTrue(
        text.contains("zeroseg_requests_total{route=\"/segment\",status=\"400\"} 1\n"), text);
    assertTrue(text.contains("zeroseg_requests_total{route=\"other\",status=\"404\"} 1\n"), text);
    assertTrue(text.contains("zeroseg_request_seconds_count{route=\"/segment\"} 2\n"), text);
    assertTrue(text.contains("zeroseg_pixels_total 100\n"), text);
    assertTrue(
        text.lines().allMatch(line -> line.matches("# .*|[a-z_]+(\\{[^}]*\\})? [-0-9.e]+")), text);
  }

  @Test
  void headsComeWithoutBodies() throws Exception {
    start();
    HttpResponse<byte[]> head =
        send(to("/health").method("HEAD", HttpRequest.BodyPublishers.noBody()).build());
    assertEquals(200, head.statusCode());
    assertArrayEquals(new byte[0], head.body());
  }
}
