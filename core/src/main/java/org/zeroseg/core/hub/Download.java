package org.zeroseg.core.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.zeroseg.core.Progress;

/** Fetches files of the hub into the cache. */
final class Download {

  private static final int MOST_REDIRECTS = 10;
  private static final int ATTEMPTS = 6;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  /** Bytes of a file whose size nobody announces; weights always come with theirs. */
  private static final long MOST_UNANNOUNCED = 1 << 26;

  /** The server asks to come back later. */
  private static final class Busy extends IOException {
    private static final long serialVersionUID = 1L;

    private final Duration after;

    Busy(String message, Duration after) {
      super(message);
      this.after = after;
    }
  }

  @FunctionalInterface
  private interface Attempt<T> {
    T make() throws IOException;
  }

  private final Settings settings;
  private final Progress progress;

  Download(Settings settings, Progress progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /** The file in the cache, fetched if need be; nothing if the model has no such file. */
  Optional<Path> find(ModelId model, String name) throws IOException {
    ModelCache cache = new ModelCache(settings.cache(), model);
    Optional<Path> cached = cache.find(name);
    if (cached.isPresent() && RemoteFile.isCommit(model.revision())) {
      return cached; // a commit never changes
    }
    if (settings.offline().isPresent()) {
      if (!cache.holdsRevision()) {
        throw new IOException(
            "%s: is not in the cache %s, and %s forbids to fetch it"
                .formatted(model, settings.cache(), settings.offline().get()));
      }
      return cached;
    }
    Optional<RemoteFile> remote;
    try {
      remote =
          cached.isPresent()
              ? describe(model, name, true)
              : patiently(() -> describe(model, name, false));
    } catch (IOException e) {
      if (cached.isPresent() && !Thread.currentThread().isInterrupted()) {
        return cached; // no answer is no reason not to work with what is here
      }
      throw e;
    }
    if (remote.isEmpty()) {
      return Optional.empty();
    }
    RemoteFile file = remote.get();
    Optional<Path> known = cache.find(name, file.commit());
    if (known.isPresent()) {
      cache.noteIfPossible(file.commit());
      return known;
    }
    try (ModelCache.Lock lock = cache.lock(file.etag())) {
      Path blob = lock.blob();
      if (!Files.exists(blob)) {
        fetch(model, name, file, lock.incomplete());
        Files.move(lock.incomplete(), blob);
      }
      return Optional.of(cache.link(name, file.commit(), blob));
    }
  }

  /**
   * Makes an attempt again where that may help, after growing pauses or those that are asked for.
   */
  private <T> T patiently(Attempt<T> attempt) throws IOException {
    Duration pause = FIRST_PAUSE;
    for (int made = 1; ; made++) {
      Duration wait = pause;
      try {
        return attempt.make();
      } catch (Refusal e) {
        throw e;
      } catch (IOException e) {
        if (made == ATTEMPTS || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        if (e instanceof Busy busy && busy.after.compareTo(wait) > 0) {
          wait = busy.after;
        }
      }
      sleep(wait);
      pause = pause.multipliedBy(2);
    }
  }

  /** What the hub says of a file; nothing if it has none and, where one is cached, says so. */
  private Optional<RemoteFile> describe(ModelId model, String name, boolean cached)
      throws IOException {
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
      HttpResponse<Void> response = ask(model, name, request);
      int status = response.statusCode();
      if (REDIRECTS.contains(status)) {
        URI next = location(address, response);
        if (!staysWithin(response) && response.headers().firstValue("X-Repo-Commit").isPresent()) {
          return Optional.of(RemoteFile.of(address, response.headers(), true));
        }
        address = next; // to a model's new name, or to the hub's own cache of small files
      } else if (status == 404 && isAbsent(response, cached)) {
        return Optional.empty();
      } else if (status != 200) {
        throw refusal(model, response);
      } else {
        return Optional.of(RemoteFile.of(address, response.headers(), false));
      }
    }
    throw new Refusal(asked + ": is redirected without end");
  }

  private HttpResponse<Void> ask(ModelId model, String name, HttpRequest request)
      throws IOException {
    try {
      return send(request, BodyHandlers.discarding());
    } catch (ConnectException | HttpTimeoutException e) {
      throw new Refusal(
          "%s: cannot ask %s for %s: %s. Without a network name a folder that holds the model's files; behind a proxy set HTTPS_PROXY (and NO_PROXY); HF_ENDPOINT names another hub"
              .formatted(model, request.uri().getHost(), name, reason(e)),
          e);
    } catch (Refusal | InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(
          "%s: cannot ask %s for %s: %s".formatted(model, request.uri().getHost(), name, reason(e)),
          e);
    }
  }

  /** Whether it is the file that is absent, not the model. */
  private static boolean isAbsent(HttpResponse<?> response, boolean cached) {
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    return code.equals("EntryNotFound") || (code.isEmpty() && !cached);
  }

  private IOException refusal(ModelId model, HttpResponse<?> response) {
    int status = response.statusCode();
    String reason = printable(response.headers().firstValue("X-Error-Message").orElse(""));
    String remedy =
        switch (status) {
          case 401, 403 ->
              settings.token().isPresent()
                  ? "the model does not exist, or HF_TOKEN gives no access to it"
                  : "the model does not exist, or needs an access token in HF_TOKEN";
          case 404 -> "there is no such model or revision";
          case 407 ->
              "the proxy asks for a name and password: HTTPS_PROXY=http://name:password@host:port,"
                  + " and perhaps the option -Djdk.http.auth.tunneling.disabledSchemes= of java";
          default -> "the hub answers with status " + status;
        };
    String message =
        "%s: %s (%s%s)"
            .formatted(model, remedy, response.uri(), reason.isEmpty() ? "" : ": " + reason);
    return status >= 500 || status == 429 || status == 408
        ? new Busy(message, retryAfter(response))
        : new Refusal(message);
  }

  /** Seconds or a date; no longer than patience lasts. */
  private Duration retryAfter(HttpResponse<?> response) {
    String asked = response.headers().firstValue("Retry-After").orElse("").strip();
    Duration wait = Duration.ZERO;
    try {
      wait =
          asked.matches("[0-9]{1,9}")
              ? Duration.ofSeconds(Long.parseLong(asked))
              : Duration.between(
                  Instant.now(),
                  ZonedDateTime.parse(asked, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeException e) {
      return wait; // our own pauses serve
    }
    return wait.compareTo(settings.patience()) > 0 ? settings.patience() : wait;
  }

  /** Text of a server without what steers terminals. */
  static String printable(String text) {
    String plain = text.replaceAll("\\p{Cntrl}", "?");
    return plain.length() > 300 ? plain.substring(0, 300) + "..." : plain;
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
    try {
      patiently(
          () -> {
            transfer(model, name, file, incomplete);
            return incomplete;
          });
    } catch (Refusal e) {
      if (file.size() < 0) {
        Files.deleteIfExists(incomplete); // it may be without end
      }
      throw e;
    } catch (IOException e) {
      throw new IOException(
          "%s: fetching %s broke off %d times, the last time with: %s; what is here is kept"
              .formatted(model, name, ATTEMPTS, reason(e)),
          e);
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
      long start = continues ? done : 0;
      long size = file.size();
      if (size < 0) {
        OptionalLong rest = RemoteFile.size(response.uri(), response.headers(), "Content-Length");
        size = rest.isPresent() ? start + rest.getAsLong() : -1;
      }
      requireRoom(size - start, incomplete);
      copy(body, incomplete, start, size, model + "/" + name);
      if (size >= 0 && Files.size(incomplete) < size) {
        throw new IOException(
            "the connection ended after " + Files.size(incomplete) + " of " + size + " bytes");
      }
    }
  }

  private static void requireRoom(long bytes, Path file) throws IOException {
    long free = Files.getFileStore(file.getParent()).getUsableSpace();
    if (bytes > free) {
      throw new Refusal(
          "%d bytes are to come, but only %d are free in %s; HF_HUB_CACHE names another folder"
              .formatted(bytes, free, file.getParent()));
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
        if (size < 0 && done > MOST_UNANNOUNCED) {
          throw new Refusal(
              "%s: the server announces no size and sends more than %d bytes"
                  .formatted(task, MOST_UNANNOUNCED));
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
    return !URI.create(escaped(target)).isAbsolute();
  }

  private static URI location(URI from, HttpResponse<?> response) throws IOException {
    String target =
        response
            .headers()
            .firstValue("Location")
            .orElseThrow(() -> new Refusal(from + ": is redirected to nowhere"));
    try {
      URI address = from.resolve(escaped(target));
      boolean safe =
          "https".equals(address.getScheme())
              || ("http".equals(address.getScheme()) && "http".equals(from.getScheme()));
      if (!safe || address.getHost() == null) {
        throw new Refusal(
            from + ": is redirected to " + printable(target) + ", which is not safe to follow");
      }
      return address;
    } catch (IllegalArgumentException e) {
      throw new Refusal(from + ": is redirected to what is no address: " + printable(target), e);
    }
  }

  /** An address in which what must be written with a percent sign is written so. */
  private static String escaped(String address) {
    StringBuilder escaped = new StringBuilder();
    for (byte b : address.getBytes(StandardCharsets.UTF_8)) {
      if (b <= ' ' || "\"<>\\^`{|}".indexOf(b) >= 0 || b == 0x7f) { // bytes above 127 are negative
        escaped.append("%%%02X".formatted(b & 0xff));
      } else {
        escaped.append((char) b);
      }
    }
    return escaped.toString();
  }

  private HttpRequest.Builder request(URI address) throws Refusal {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .timeout(settings.patience())
            .header("User-Agent", "zeroseg");
    boolean ours =
        address.getAuthority().equals(settings.endpoint().getAuthority())
            && address.getScheme().equals(settings.endpoint().getScheme());
    if (ours && settings.token().isPresent()) {
      request.header("Authorization", settings.token().get().header());
    }
    return request;
  }

  private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
      throws IOException {
    try {
      return settings.connection().client().send(request, handler);
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

  /** What went wrong in words; the client often gives none. */
  private static String reason(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
        return "its name is not known here";
      }
    }
    if (e instanceof HttpTimeoutException) {
      return "it does not answer";
    }
    if (e instanceof ConnectException) {
      return "no connection"
          + (e.getMessage() == null ? "" : " (" + printable(e.getMessage()) + ")");
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : printable(e.getMessage());
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
