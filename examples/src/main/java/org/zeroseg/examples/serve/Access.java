package org.zeroseg.examples.serve;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.HostPort;

/**
 * Who may ask.
 *
 * @param token what requests must bring, as a bearer token or as the password of basic
 *     authentication; empty for nothing
 * @param hosts names that the server is called by; empty for any
 * @param origins of other pages that may ask, such as {@code https://tools.example.org}
 */
public record Access(Optional<String> token, Set<String> hosts, Set<String> origins) {

  /** What the own machine is called by. */
  public static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "::1");

  /** Lower case for all, as names of hosts are compared. */
  public Access {
    hosts = lower(hosts);
    origins = lower(origins);
  }

  private static Set<String> lower(Set<String> names) {
    return names.stream()
        .map(name -> name.toLowerCase(Locale.ROOT))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Refuses names that are not the server's: a page that rebinds its own name sends that one. */
  void requireHost(String authority) {
    if (hosts.isEmpty()) {
      return;
    }
    String host = host(authority);
    if (!hosts.contains(host)) {
      throw new Refusal(
          421, "Host", hosts.stream().sorted().collect(Collectors.joining(", ")), authority);
    }
  }

  private static String host(String authority) {
    try {
      String host = new HostPort(authority).getHost().toLowerCase(Locale.ROOT);
      return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  /**
   * Refuses what pages of other origins make a browser send.
   *
   * @return the origin, if it is another one that may ask
   */
  Optional<String> requireOrigin(HttpFields headers, String authority) {
    String origin = headers.get(HttpHeader.ORIGIN);
    if (origin == null) {
      return Optional.empty();
    }
    String low = origin.toLowerCase(Locale.ROOT);
    if (origins.contains(low)) {
      return Optional.of(origin);
    }
    // A proxy may speak TLS where the server does not; its host is the same.
    if (low.equals("http://" + authority.toLowerCase(Locale.ROOT))
        || low.equals("https://" + authority.toLowerCase(Locale.ROOT))) {
      return Optional.empty();
    }
    throw new Refusal(403, "Origin", "this server's own, or one that it was told", origin);
  }

  /** Refuses requests without the token, in a time that tells nothing of it. */
  void requireToken(HttpFields headers) {
    if (token.isEmpty()) {
      return;
    }
    String found = headers.get(HttpHeader.AUTHORIZATION);
    if (found == null || !MessageDigest.isEqual(utf8(token(found)), utf8(token.get()))) {
      throw new Refusal(
          401, "Authorization", "Bearer and the server's token", found == null ? "" : "another");
    }
  }

  private static String token(String authorization) {
    int blank = authorization.indexOf(' ');
    String scheme = authorization.substring(0, Math.max(0, blank));
    String value = authorization.substring(blank + 1).strip();
    if (scheme.equalsIgnoreCase("Bearer")) {
      return value;
    }
    if (scheme.equalsIgnoreCase("Basic")) {
      try {
        String pair = new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8);
        return pair.substring(pair.indexOf(':') + 1);
      } catch (IllegalArgumentException e) {
        return "";
      }
    }
    return "";
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
