package org.zeroseg.examples.serve;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the pictures of Label Studio's tasks are: in the tasks themselves as base64, in a folder,
 * or at Label Studio. Nothing else is read or fetched.
 *
 * @param folder that of Label Studio's local storage or its media; a picture {@code
 *     /data/local-files/?d=a/b.jpg} is {@code a/b.jpg} in it, {@code /data/upload/1/b.jpg} is
 *     {@code upload/1/b.jpg}
 * @param labelStudio its address, such as {@code http://localhost:8080}
 * @param key its access token, for pictures that are fetched from there; may be empty
 */
public record TaskPictures(Optional<Path> folder, Optional<URI> labelStudio, String key) {

  /** Pictures in the tasks only. */
  public static final TaskPictures IN_TASKS =
      new TaskPictures(Optional.empty(), Optional.empty(), "");

  private static final String LOCAL = "/data/local-files/?d=";
  private static final String DATA = "/data/";
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration FETCH = Duration.ofSeconds(30);

  /** The bytes of a picture that a task names. */
  byte[] read(String field, String place, Limits limits) throws IOException {
    if (place.startsWith("data:")) {
      return Fields.decode(field, place, limits);
    }
    String path = place;
    if (labelStudio.isPresent() && place.startsWith(origin() + "/")) {
      path = place.substring(origin().length());
    }
    if (folder.isPresent() && path.startsWith(DATA)) {
      Optional<Path> file = inFolder(path);
      if (file.isPresent()) {
        long size = Files.size(file.get());
        if (size > limits.bytes()) {
          throw new Refusal(413, field, "at most " + limits.bytes() + " bytes", size + " bytes");
        }
        return Files.readAllBytes(file.get());
      }
    }
    if (labelStudio.isPresent() && path.startsWith("/") && !path.startsWith("//")) {
      try {
        return fetch(field, new URI(origin() + path), limits);
      } catch (URISyntaxException e) {
        throw Refusal.of(field, "the path of a picture", path);
      }
    }
    throw Refusal.of(
        field,
        "a picture as a data URL"
            + folder.map(where -> ", or in the server's folder of pictures").orElse("")
            + labelStudio.map(url -> ", or at " + url).orElse(""),
        place);
  }

  private String origin() {
    String text = labelStudio.orElseThrow().toString();
    return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
  }

  /** A file that lies in the folder, links resolved. */
  private Optional<Path> inFolder(String path) throws IOException {
    String name =
        path.startsWith(LOCAL) ? path.substring(LOCAL.length()) : path.substring(DATA.length());
    try {
      Path root = folder.orElseThrow().toRealPath();
      Path file = root.resolve(URLDecoder.decode(name, StandardCharsets.UTF_8)).normalize();
      return file.startsWith(root)
              && Files.isRegularFile(file)
              && file.toRealPath().startsWith(root)
          ? Optional.of(file)
          : Optional.empty();
    } catch (InvalidPathException e) {
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      throw Refusal.of("task", "a path with whole escapes", path);
    }
  }

  /** No redirections: they could lead elsewhere. */
  private byte[] fetch(String field, URI from, Limits limits) throws IOException {
    HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    HttpRequest.Builder request = HttpRequest.newBuilder(from).timeout(FETCH);
    if (!key.isEmpty()) {
      request.header("Authorization", "Token " + key);
    }
    try {
      HttpResponse<InputStream> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        if (response.statusCode() != 200) {
          throw Refusal.of(
              field, "a picture at " + from, "the answer " + response.statusCode() + " from there");
        }
        byte[] bytes = body.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, limits.bytes() + 1));
        if (bytes.length > limits.bytes()) {
          throw new Refusal(413, field, "at most " + limits.bytes() + " bytes", "more at " + from);
        }
        return bytes;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
