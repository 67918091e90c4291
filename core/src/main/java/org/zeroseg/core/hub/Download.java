package org.zeroseg.core.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.zeroseg.core.Progress;

/** Fetches files of the hub into the cache. */
final class Download {

  private static final int MOST_REDIRECTS = 10;
  private static final int ATTEMPTS = 6;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  /** An answer that asking again will not change. */
  private static final class Refusal extends IOException {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message);
    }
  }

  private final Settings settings;
  private final Progress progress;
  private final HttpClient client;

  Download(Settings settings, Progress progress) {
    this.settings = settings;
    this.progress = progress;
    this.client =
        HttpClient.newBuilder()
            // Followed by hand: the token must not go with a redirect to another host.
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.patience())
            .build();
  }

  /** The file in the cache, fetched if need be; nothing if the model has no such file. */
  Optional<Path> find(ModelId model, String name) throws IOException {
    ModelCache cache = new ModelCache(settings.cache(), model);
    Optional<Path> cached = cache.find(name);
    if (cached.isPresent() && RemoteFile.isCommit(model.revision())) {
      return cached; // a commit never changes
    }
    if (settings.offline()) {
      if (!cache.holdsRevision()) {
        throw new IOException(
            "%s: is not in the cache %s, and HF_HUB_OFFLINE forbids to fetch it"
                .formatted(model, settings.cache()));
      }
      return cached;
    }
    Optional<RemoteFile> remote;
    try {
      remote = describe(model, name);
    } catch (Refusal e) {
      throw e;
    } catch (IOException e) {
      if (cached.isPresent()) {
        return cached; // no connection is no reason not to work with what is here
      }
      throw new IOException(
          "%s: cannot ask %s for %s: %s".formatted(model, settings.endpoint(), name, e), e);
    }
    if (remote.isEmpty()) {
      return Optional.empty();
    }
    RemoteFile file = remote.get();
    try (ModelCache.Lock lock = cache.lock(file.etag())) {
      Path blob = lock.blob();
      if (!Files.exists(blob)) {
        fetch(model, name, file, lock.incomplete());
        Files.move(lock.incomplete(), blob);
      }
      return Optional.of(cache.link(name, file.commit(), blob));
    }
  }

  private Optional<RemoteFile> describe(ModelId model, String name) throws IOException {
    URI asked =
        URI.create(
            "%s/%s/%s/resolve/%s/%s"
                .formatted(
                    settings.endpoint(),
                    model.owner(),
                    model.name(),
                    encode(model.revision()),
                    encode(name).replace("%2F", "/")));
    URI address = asked;
    for (int i = 0; i <= MOST_REDIRECTS; i++) {
      HttpRequest request =
          request(address).method("HEAD", HttpRequest.BodyPublishers.noBody()).build();
      HttpResponse<Void> response = send(request, BodyHandlers.discarding());
      int status = response.statusCode();
      if (REDIRECTS.contains(status)) {
        URI next = location(address, response);
        if (!staysWithin(response) && response.headers().firstValue("X-Repo-Commit").isPresent()) {
          return Optional.of(RemoteFile.of(address, response.headers(), true));
        }
        address = next; // to a model's new name, or to the hub's own cache of small files
      } else if (status == 404 && !absentModel(response)) {
        return Optional.empty();
      } else if (status != 200) {
        throw refusal(model, response);
      } else {
        return Optional.of(RemoteFile.of(address, response.headers(), false));
      }
    }
    throw new Refusal(asked + ": is redirected without end");
  }

  private static boolean absentModel(HttpResponse<?> response) {
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    return code.equals("RepoNotFound") || code.equals("RevisionNotFound");
  }

  private IOException refusal(ModelId model, HttpResponse<?> response) {
    int status = response.statusCode();
    String reason = response.headers().firstValue("X-Error-Message").orElse("");
    String remedy =
        switch (status) {
          case 401, 403 ->
              settings.token().isPresent()
                  ? "the model does not exist, or HF_TOKEN gives no access to it"
                  : "the model does not exist, or needs an access token in HF_TOKEN";
          case 404 -> "there is no such model or revision";
          default -> "the hub answers with status " + status;
        };
    String message =
        "%s: %s (%s%s)"
            .formatted(model, remedy, response.uri(), reason.isEmpty() ? "" : ": " + reason);
    return status >= 500 || status == 429 ? new IOException(message) : new Refusal(message);
  }

  /** Fetches into a file that may hold the beginning already. */
  private void fetch(ModelId model, String name, RemoteFile file, Path incomplete)
      throws IOException {
    boolean resumed = Files.exists(incomplete) && Files.size(incomplete) > 0;
    transferWithPatience(model, name, file, incomplete);
    try {
      file.verify(incomplete);
    } catch (IOException e) {
      Files.deleteIfExists(incomplete);
      if (resumed) { // the old beginning may have been the damaged part
        fetch(model, name, file, incomplete);
        return;
      }
      throw new IOException("%s: the fetched %s %s".formatted(model, name, e.getMessage()), e);
    }
  }

  private void transferWithPatience(ModelId model, String name, RemoteFile file, Path incomplete)
      throws IOException {
    Duration pause = FIRST_PAUSE;
    for (int attempt = 1; ; attempt++) {
      try {
        transfer(model, name, file, incomplete);
        return;
      } catch (Refusal e) {
        throw e;
      } catch (IOException e) {
        if (attempt == ATTEMPTS) {
          throw new IOException(
              "%s: fetching %s broke off %d times, the last time with: %s; what is here is kept"
                  .formatted(model, name, ATTEMPTS, e),
              e);
        }
      }
      sleep(pause);
      pause = pause.multipliedBy(2);
    }
  }

  private void transfer(ModelId model, String name, RemoteFile file, Path incomplete)
      throws IOException {
    long done = Files.exists(incomplete) ? Files.size(incomplete) : 0;
    if (file.size() >= 0 && done >= file.size()) {
      if (done == file.size() && done > 0) {
        return;
      }
      done = 0;
    }
    HttpResponse<InputStream> response = get(file.address(), done);
    try (InputStream body = response.body()) {
      int status = response.statusCode();
      if (status != 200 && status != 206) {
        if (status == 416) {
          Files.deleteIfExists(incomplete);
          throw new IOException("the server refuses to go on at byte " + done);
        }
        throw refusal(model, response);
      }
      String range = response.headers().firstValue("Content-Range").orElse("");
      boolean continues = status == 206 && range.startsWith("bytes " + done + "-");
      if (status == 206 && !continues) {
        throw new Refusal(file.address() + ": answers with the wrong range " + range);
      }
      copy(body, incomplete, continues ? done : 0, file.size(), model + "/" + name);
    }
    if (file.size() >= 0 && Files.size(incomplete) < file.size()) {
      throw new IOException(
          "the connection ended after " + Files.size(incomplete) + " of " + file.size() + " bytes");
    }
  }

  private void copy(InputStream body, Path to, long start, long size, String task)
      throws IOException {
    StandardOpenOption mode =
        start > 0 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING;
    long done = start;
    tell(task, done, size);
    try (Watchdog watchdog = new Watchdog(body, settings.patience());
        OutputStream out =
            Files.newOutputStream(to, StandardOpenOption.CREATE, StandardOpenOption.WRITE, mode)) {
      byte[] chunk = new byte[1 << 17];
      for (int n = watchdog.read(chunk); n >= 0; n = watchdog.read(chunk)) {
        out.write(chunk, 0, n);
        done += n;
        if (size >= 0 && done > size) {
          throw new Refusal(task + ": the server sends more than the announced " + size + " bytes");
        }
        tell(task, done, size);
      }
    }
  }

  /** One at a time, whatever the number of threads that fetch. */
  private void tell(String task, long done, long size) {
    synchronized (progress) {
      progress.update(task, done, size);
    }
  }

  private HttpResponse<InputStream> get(URI first, long start) throws IOException {
    URI address = first;
    for (int i = 0; i <= MOST_REDIRECTS; i++) {
      HttpRequest.Builder request = request(address).GET();
      if (start > 0) {
        request.header("Range", "bytes=" + start + "-");
      }
      HttpResponse<InputStream> response = send(request.build(), BodyHandlers.ofInputStream());
      if (!REDIRECTS.contains(response.statusCode())) {
        return response;
      }
      response.body().close();
      address = location(address, response);
    }
    throw new Refusal(first + ": is redirected without end");
  }

  /** Whether a redirect is relative, so that the hub itself still has to say what the file is. */
  private static boolean staysWithin(HttpResponse<?> redirect) {
    String target = redirect.headers().firstValue("Location").orElse("");
    return !URI.create(target).isAbsolute();
  }

  private static URI location(URI from, HttpResponse<?> response) throws IOException {
    String target =
        response
            .headers()
            .firstValue("Location")
            .orElseThrow(() -> new Refusal(from + ": is redirected to nowhere"));
    try {
      URI address = from.resolve(target);
      boolean safe =
          "https".equals(address.getScheme())
              || ("http".equals(address.getScheme()) && "http".equals(from.getScheme()));
      if (!safe || address.getHost() == null) {
        throw new Refusal(from + ": is redirected to " + target + ", which is not safe to follow");
      }
      return address;
    } catch (IllegalArgumentException e) {
      throw new Refusal(from + ": is redirected to what is no address: " + target);
    }
  }

  private HttpRequest.Builder request(URI address) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .timeout(settings.patience())
            .header("User-Agent", "zeroseg");
    boolean ours =
        address.getAuthority().equals(settings.endpoint().getAuthority())
            && address.getScheme().equals(settings.endpoint().getScheme());
    settings
        .token()
        .filter(token -> ours)
        .ifPresent(token -> request.header("Authorization", "Bearer " + token));
    return request;
  }

  private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
      throws IOException {
    try {
      return client.send(request, handler);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static void sleep(Duration pause) throws IOException {
    try {
      Thread.sleep(pause.toMillis());
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static IOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while fetching; what is here is kept");
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
