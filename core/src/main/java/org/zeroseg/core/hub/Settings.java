package org.zeroseg.core.hub;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.zeroseg.core.file.TextFile;

/**
 * Where and how to fetch.
 *
 * @param cache the folder that holds one folder a model
 * @param endpoint the hub's address, without a slash at the end
 * @param token sent to the endpoint and to nobody else
 * @param offline the setting that allows the cache only, if one does
 * @param patience how long to wait for a connection, an answer, and the next bytes of a file
 * @param connection how hosts are reached
 */
record Settings(
    Path cache,
    URI endpoint,
    Optional<Token> token,
    Optional<String> offline,
    Duration patience,
    Connection connection) {

  /** DJL's own ways to be told that there is no network, beside the hub's. */
  private static final List<String> OFFLINE =
      List.of("HF_HUB_OFFLINE", "ai.djl.offline", "DJL_OFFLINE");

  private static final int LONGEST_TOKEN = 4096;
  private static final Pattern VARIABLE =
      Pattern.compile("\\$(?:\\{([A-Za-z0-9_]+)\\}|([A-Za-z0-9_]+))");

  private static final Set<String> TRUE = Set.of("1", "on", "yes", "true");

  static Settings of(Map<String, String> environment) {
    Duration patience = patience(value(environment, "HF_HUB_DOWNLOAD_TIMEOUT").orElse("60"));
    return new Settings(
        cache(environment),
        endpoint(value(environment, "HF_ENDPOINT").orElse("https://huggingface.co")),
        value(environment, "HF_TOKEN")
            .map(raw -> Token.of(raw, "HF_TOKEN"))
            .filter(token -> !token.value().isEmpty())
            .or(() -> storedToken(environment)),
        OFFLINE.stream().filter(name -> isTrue(environment, name)).findFirst(),
        patience,
        new Connection(Proxies.of(environment), patience));
  }

  private static boolean isTrue(Map<String, String> environment, String name) {
    return TRUE.contains(value(environment, name).orElse("").toLowerCase(Locale.ROOT));
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
  private static Optional<Token> storedToken(Map<String, String> environment) {
    Path file =
        path(environment, "HF_TOKEN_PATH").orElseGet(() -> home(environment).resolve("token"));
    try {
      Token token = Token.of(TextFile.read(file, LONGEST_TOKEN), file.toString());
      return Optional.of(token).filter(found -> !found.value().isEmpty());
    } catch (IOException e) {
      return Optional.empty(); // most models need none
    }
  }

  private static Path cache(Map<String, String> environment) {
    return path(environment, "HF_HUB_CACHE").orElseGet(() -> home(environment).resolve("hub"));
  }

  private static Path home(Map<String, String> environment) {
    return path(environment, "HF_HOME")
        .orElseGet(
            () ->
                path(environment, "XDG_CACHE_HOME")
                    .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"))
                    .resolve("huggingface"));
  }

  /** A path in which a leading tilde is the user's folder, and names after a dollar are values. */
  private static Optional<Path> path(Map<String, String> environment, String name) {
    return value(environment, name)
        .map(
            text -> {
              boolean fromHome =
                  text.equals("~") || text.startsWith("~/") || text.startsWith("~\\");
              String home = value(environment, "HOME").orElse(System.getProperty("user.home"));
              String whole = fromHome ? home + text.substring(1) : text;
              try {
                return Path.of(expand(environment, whole));
              } catch (InvalidPathException e) {
                throw new IllegalArgumentException(name + " is no path: " + e.getReason(), e);
              }
            });
  }

  /** What has no value stays as it is. */
  private static String expand(Map<String, String> environment, String text) {
    return VARIABLE
        .matcher(text)
        .replaceAll(
            found -> {
              String name = found.group(1) == null ? found.group(2) : found.group(1);
              return Matcher.quoteReplacement(environment.getOrDefault(name, found.group()));
            });
  }

  private static Optional<String> value(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).map(String::strip).filter(v -> !v.isEmpty());
  }
}
