package org.zeroseg.core.hub;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where and how to fetch.
 *
 * @param cache the folder that holds one folder a model
 * @param endpoint the hub's address, without a slash at the end
 * @param token sent to the endpoint and to nobody else
 * @param offline whether only the cache is used
 * @param patience how long to wait for a connection, an answer, and the next bytes of a file
 */
record Settings(
    Path cache, URI endpoint, Optional<String> token, boolean offline, Duration patience) {

  private static final Set<String> TRUE = Set.of("1", "on", "yes", "true");

  static Settings of(Map<String, String> environment) {
    return new Settings(
        cache(environment),
        endpoint(value(environment, "HF_ENDPOINT").orElse("https://huggingface.co")),
        value(environment, "HF_TOKEN").or(() -> storedToken(environment)),
        TRUE.contains(value(environment, "HF_HUB_OFFLINE").orElse("").toLowerCase(Locale.ROOT)),
        patience(value(environment, "HF_HUB_DOWNLOAD_TIMEOUT").orElse("60")));
  }

  private static URI endpoint(String text) {
    try {
      URI address = new URI(text.replaceAll("/+$", ""));
      if (address.getHost() != null
          && ("http".equals(address.getScheme()) || "https".equals(address.getScheme()))) {
        return address;
      }
    } catch (URISyntaxException e) {
      // said below, with the name of the setting
    }
    throw new IllegalArgumentException("HF_ENDPOINT is not an http(s) address: " + text);
  }

  private static Duration patience(String seconds) {
    try {
      long whole = Long.parseLong(seconds);
      if (whole > 0) {
        return Duration.ofSeconds(whole);
      }
    } catch (NumberFormatException e) {
      // said below, with the name of the setting
    }
    throw new IllegalArgumentException(
        "HF_HUB_DOWNLOAD_TIMEOUT is not a number of seconds: " + seconds);
  }

  /** What {@code hf auth login} has left. */
  private static Optional<String> storedToken(Map<String, String> environment) {
    Path file =
        value(environment, "HF_TOKEN_PATH")
            .map(Path::of)
            .orElseGet(() -> home(environment).resolve("token"));
    try {
      return Optional.of(Files.readString(file).strip()).filter(token -> !token.isEmpty());
    } catch (IOException e) {
      return Optional.empty(); // most models need none
    }
  }

  private static Path cache(Map<String, String> environment) {
    return value(environment, "HF_HUB_CACHE")
        .map(Path::of)
        .orElseGet(() -> home(environment).resolve("hub"));
  }

  private static Path home(Map<String, String> environment) {
    return value(environment, "HF_HOME")
        .map(Path::of)
        .orElseGet(
            () ->
                value(environment, "XDG_CACHE_HOME")
                    .map(Path::of)
                    .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"))
                    .resolve("huggingface"));
  }

  private static Optional<String> value(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).map(String::strip).filter(v -> !v.isEmpty());
  }
}
