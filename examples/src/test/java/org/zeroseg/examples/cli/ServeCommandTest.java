package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server from the command line, with the demo. */
class ServeCommandTest extends CommandTest {

  private static final Pattern ADDRESS = Pattern.compile("Serving at (http://\\S+/) ");

  @TempDir Path folder;

  @Test
  void whatContradictsOrIsOutOfRangeIsNotUnderstood() throws Exception {
    misuse("--threshold", "serve", "--threshold", 2);
    misuse("--presence", "serve", "--model", "demo-shapes", "--presence", 0.5);
    misuse("--all-pixels", "serve", "--all-pixels", "--background", "wall");
    misuse("concurrency", "serve", "--concurrency", 0);
    misuse("--host", "serve", "--host", "no such host");
    misuse("--discover: ", "serve", "--discover", "--nonsense");
    misuse("--dino is for", "serve", "--discover", "--dino x");
    misuse("--saliency", "serve", "--saliency=--model");
    misuse("--label-studio", "serve", "--label-studio", "ftp://localhost");
    misuse("--words", "serve", "--words", "a,,b");
    Path empty = Files.createFile(folder.resolve("token"));
    misuse("is empty", "serve", "--token-file", empty);
  }

  @Test
  void theDemoIsServedUntilItIsInterrupted() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "open sesame\n");
    Thread serving =
        new Thread(
            () ->
                run(
                    "serve",
                    "--model",
                    "demo-shapes",
                    "--port",
                    0,
                    "--token-file",
                    token,
                    "--words",
                    "green square, blue square",
                    "--discover",
                    "off",
                    "--saliency",
                    "--raw"));
    serving.start();
    try {
      Matcher address = ADDRESS.matcher("");
      for (int i = 0; i < 1200 && !address.find() && serving.isAlive(); i++) {
        Thread.sleep(50);
        address.reset(out.toString());
      }
      address.reset(out.toString());
      assertTrue(address.find(), out + " " + err);
      String url = address.group(1);
      String picture =
          Base64.getEncoder()
              .encodeToString(
                  Files.readAllBytes(
                      Path.of(System.getProperty("zeroseg.root"), "docs", "images", "scene.png")));
      String json = "{\"picture\":\"" + picture + "\"}";
      String found = ask(url + "segment", json, 200);
      assertTrue(found.contains("\"name\":\"green square\""), found);
      assertTrue(ask(url + "saliency", json, 200).contains("\"name\":\"object\""));
      assertTrue(ask(url + "discover", json, 501).contains("--discover"));
    } finally {
      serving.interrupt();
      serving.join(60_000);
    }
    assertFalse(serving.isAlive());
  }

  private static String ask(String url, String json, int status) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(Duration.ofSeconds(60))
            .header("Authorization", "Bearer open sesame")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json))
            .build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    assertEquals(status, response.statusCode(), response.body());
    return response.body();
  }
}
