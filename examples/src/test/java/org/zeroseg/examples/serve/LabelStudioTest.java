package org.zeroseg.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Label Studio's requests, as its machine-learning connector sends them. */
class LabelStudioTest extends ServerTest {

  private static final String BRUSH =
      "<View><Image name=\"img\" value=\"$photo\"/><Header value=\"&quot;What?&quot;\"/>"
          + "<BrushLabels name=\"tag\" toName=\"img\"><Label value=\"Cat\"/>"
          + "<Label value=\"Sofa\" predicted_values=\"couch, sofa\"/></BrushLabels></View>";

  private static final String POLYGONS = BRUSH.replace("BrushLabels", "PolygonLabels");

  @TempDir Path folder;

  private static String request(String config, String... places) {
    JsonObject request = new JsonObject();
    JsonArray tasks = new JsonArray();
    for (String place : places) {
      JsonObject data = new JsonObject();
      data.addProperty("photo", place);
      JsonObject task = new JsonObject();
      task.addProperty("id", 7);
      task.add("data", data);
      tasks.add(task);
    }
    request.add("tasks", tasks);
    request.addProperty("label_config", config);
    request.addProperty("project", "1.1700000000");
    request.add("params", new JsonObject());
    return request.toString();
  }

  private static String inTask() {
    return "data:image/png;base64," + base64(png(40, 20));
  }

  private JsonArray results(String request) throws Exception {
    HttpResponse<byte[]> response = postJson("/predict", request);
    assertEquals(200, response.statusCode(), text(response));
    return json(response).getAsJsonArray("results");
  }

  @Test
  void aConnectionIsHealthyAndSetUp() throws Exception {
    start();
    assertEquals("UP", json(get("/health")).get("status").getAsString());
    JsonObject setup = new JsonObject();
    setup.addProperty("project", "1.1700000000");
    setup.addProperty("schema", BRUSH);
    setup.addProperty("hostname", "http://localhost:8080");
    JsonObject answer = json(postJson("/setup", setup.toString()));
    assertEquals("zeroseg", answer.get("model_version").getAsString());
    HttpResponse<byte[]> event = postJson("/webhook", "{\"action\":\"ANNOTATION_CREATED\"}");
    assertEquals(200, event.statusCode());
  }

  @Test
  void brushesAreRunLengthsUnderTheProjectsNames() throws Exception {
    start();
    JsonArray results = results(request(BRUSH, inTask(), inTask()));
    assertEquals(2, results.size());
    JsonArray regions = results.get(1).getAsJsonObject().getAsJsonArray("result");
    assertEquals(2, regions.size());
    JsonObject sofa = regions.get(1).getAsJsonObject();
    assertEquals("brushlabels", sofa.get("type").getAsString());
    assertEquals("tag", sofa.get("from_name").getAsString());
    assertEquals("img", sofa.get("to_name").getAsString());
    assertEquals(40, sofa.get("original_width").getAsInt());
    JsonObject value = sofa.getAsJsonObject("value");
    assertEquals("Sofa", value.getAsJsonArray("brushlabels").get(0).getAsString());
    assertEquals("rle", value.get("format").getAsString());
    assertFalse(value.getAsJsonArray("rle").isEmpty());
    assertEquals(0.75, results.get(1).getAsJsonObject().get("score").getAsDouble());
  }

  @Test
  void polygonsAreInPercent() throws Exception {
    start();
    JsonObject cat =
        results(request(POLYGONS, inTask()))
            .get(0)
            .getAsJsonObject()
            .getAsJsonArray("result")
            .get(0)
            .getAsJsonObject();
    assertEquals("polygonlabels", cat.get("type").getAsString());
    JsonArray points = cat.getAsJsonObject("value").getAsJsonArray("points");
    assertEquals(4, points.size());
    assertTrue(points.toString().contains("[50,100]"), points.toString());
  }

  @Test
  void picturesLieInTheFolderAndNowhereElse() throws Exception {
    Path pictures = Files.createDirectories(folder.resolve("pictures/upload/1"));
    Files.write(pictures.resolve("a b.png"), png(40, 20));
    Files.write(folder.resolve("secret.png"), png(40, 20));
    Path root = folder.resolve("pictures");
    Files.createSymbolicLink(root.resolve("link.png"), folder.resolve("secret.png"));
    start(new Stripes(), LIMITS, OPEN, new TaskPictures(Optional.of(root), Optional.empty(), ""));
    String local = "/data/local-files/?d=";
    for (String there : List.of(local + "upload/1/a%20b.png", "/data/upload/1/a%20b.png")) {
      assertEquals(1, results(request(BRUSH, there)).size(), there);
    }
    for (String elsewhere :
        List.of(
            local + "../secret.png",
            local + "%2e%2e/secret.png",
            local + folder.resolve("secret.png"),
            local + "link.png",
            local + "upload",
            local + "%00",
            local + "%zz",
            "/etc/passwd",
            "file:///etc/passwd",
            "http://localhost:1/data/upload/1/a%20b.png",
            "s3://bucket/a.png")) {
      HttpResponse<byte[]> response = postJson("/predict", request(BRUSH, elsewhere));
      assertEquals(400, response.statusCode(), elsewhere + " " + text(response));
    }
  }

  @Test
  void picturesAreFetchedFromLabelStudioAloneWithItsKey() throws Exception {
    HttpServer labelStudio =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    labelStudio.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          boolean known =
              "Token key".equals(exchange.getRequestHeaders().getFirst("Authorization"));
          byte[] body = path.endsWith("large.png") ? new byte[300_000] : png(40, 20);
          if (path.endsWith("moved.png")) {
            exchange.getResponseHeaders().set("Location", "/data/upload/1/a.png");
            exchange.sendResponseHeaders(302, -1);
          } else {
            exchange.sendResponseHeaders(known ? 200 : 401, body.length);
            exchange.getResponseBody().write(body);
          }
          exchange.close();
        });
    labelStudio.start();
    try {
      String url = "http://127.0.0.1:" + labelStudio.getAddress().getPort();
      start(
          new Stripes(),
          LIMITS,
          OPEN,
          new TaskPictures(Optional.empty(), Optional.of(URI.create(url)), "key"));
      for (String there : List.of("/data/upload/1/a.png", url + "/data/upload/1/a.png")) {
        assertEquals(1, results(request(BRUSH, there)).size(), there);
      }
      assertEquals(413, postJson("/predict", request(BRUSH, "/data/large.png")).statusCode());
      for (String elsewhere :
          List.of("/data/moved.png", url + "0/a.png", url + "@evil.example/a.png", "//x/a.png")) {
        HttpResponse<byte[]> response = postJson("/predict", request(BRUSH, elsewhere));
        assertEquals(400, response.statusCode(), elsewhere + " " + text(response));
      }
    } finally {
      labelStudio.stop(0);
    }
  }

  @Test
  void wrongRequestsAreNamed() throws Exception {
    start();
    String bomb =
        "<!DOCTYPE a [<!ENTITY b \"c\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]><View>&f;</View>";
    for (String config :
        List.of(
            "",
            "<View",
            bomb,
            "<View/>",
            BRUSH.replace("BrushLabels", "RectangleLabels"),
            BRUSH.replace("toName=\"img\"", "toName=\"other\""),
            BRUSH.replace("$photo", "photo"),
            BRUSH.replace("value=\"Cat\"", "value=\"Sofa\""),
            BRUSH.replaceAll("<Label [^>]*/>", ""))) {
      HttpResponse<byte[]> response = postJson("/predict", request(config, inTask()));
      assertEquals(400, response.statusCode(), config + text(response));
      assertFalse(text(response).contains("root:"), text(response));
    }
    for (String body :
        List.of("{}", "{\"label_config\":5}", request(BRUSH).replace("[]", "{}"), "[]", "x")) {
      assertEquals(400, postJson("/predict", body).statusCode(), body);
    }
    assertEquals(
        400, postJson("/predict", request(BRUSH, inTask()).replace("photo\"", "x\"")).statusCode());
    assertEquals(400, postJson("/predict", request(BRUSH, new String[101])).statusCode());
  }
}
