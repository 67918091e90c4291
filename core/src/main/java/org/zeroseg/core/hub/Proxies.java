package org.zeroseg.core.hub;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * By way of whom hosts are reached, as {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY}
 * and {@code NO_PROXY} say it to most programs; in small letters or capitals.
 *
 * @param https the proxy for https addresses, {@code [http://][user:password@]host[:port]}; blank
 *     for none
 * @param http the proxy for http addresses
 * @param direct hosts to be reached without, by commas: names (with all below them), IPv4 networks
 *     ({@code 10.0.0.0/8}), each perhaps with a port, or {@code *}
 */
record Proxies(String https, String http, String direct) {

  private static final int USUAL_PORT = 80;

  static Proxies of(Map<String, String> environment) {
    String all = value(environment, "all_proxy");
    String https = value(environment, "https_proxy");
    String http = value(environment, "http_proxy");
    return new Proxies(
        https.isEmpty() ? all : https,
        http.isEmpty() ? all : http,
        value(environment, "no_proxy").toLowerCase(Locale.ROOT));
  }

  private static String value(Map<String, String> environment, String name) {
    String value = environment.getOrDefault(name, "");
    return (value.isBlank() ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "") : value)
        .strip();
  }

  /** Whether any is named; the virtual machine's own settings hold otherwise. */
  boolean areNamed() {
    return !https.isEmpty() || !http.isEmpty();
  }

  /**
   * The selector for a client.
   *
   * @throws Refusal if a proxy is named in a way that is not understood
   */
  ProxySelector selector() throws Refusal {
    Optional<InetSocketAddress> forHttps = address("HTTPS_PROXY", https);
    Optional<InetSocketAddress> forHttp = address("HTTP_PROXY", http);
    return new ProxySelector() {
      @Override
      public List<Proxy> select(URI target) {
        Optional<InetSocketAddress> proxy = "https".equals(target.getScheme()) ? forHttps : forHttp;
        return List.of(
            proxy
                .filter(address -> !isDirect(target))
                .map(address -> new Proxy(Proxy.Type.HTTP, address))
                .orElse(Proxy.NO_PROXY));
      }

      @Override
      public void connectFailed(URI target, SocketAddress proxy, IOException e) {
        // whoever asked is told
      }
    };
  }

  /** Answers proxies that ask who is there; nobody else. */
  Optional<Authenticator> authenticator() throws Refusal {
    for (String proxy : new String[] {https, http}) {
      String user = proxy.isEmpty() ? null : uri(proxy).getRawUserInfo();
      if (user != null) {
        String[] parts = user.split(":", 2);
        String name = decode(parts[0]);
        char[] password = decode(parts.length > 1 ? parts[1] : "").toCharArray();
        return Optional.of(
            new Authenticator() {
              @Override
              protected PasswordAuthentication getPasswordAuthentication() {
                return getRequestorType() == RequestorType.PROXY
                    ? new PasswordAuthentication(name, password)
                    : null;
              }
            });
      }
    }
    return Optional.empty();
  }

  private static String decode(String part) {
    return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static Optional<InetSocketAddress> address(String name, String proxy) throws Refusal {
    if (proxy.isEmpty()) {
      return Optional.empty();
    }
    URI uri = uri(proxy);
    if (!"http".equals(uri.getScheme()) || uri.getHost() == null) {
      throw new Refusal(
          name
              + " is not of the form http://host:port; it may hold a name and password before an"
              + " @");
    }
    int port = uri.getPort() < 0 ? USUAL_PORT : uri.getPort();
    return Optional.of(InetSocketAddress.createUnresolved(uri.getHost(), port));
  }

  private static URI uri(String proxy) throws Refusal {
    try {
      return new URI(proxy.contains("://") ? proxy : "http://" + proxy);
    } catch (URISyntaxException e) {
      throw new Refusal("HTTPS_PROXY or HTTP_PROXY is no address"); // it may hold a password
    }
  }

  /** Whether a host is reached without a proxy. */
  boolean isDirect(URI target) {
    String host = target.getHost().toLowerCase(Locale.ROOT);
    int usual = "https".equals(target.getScheme()) ? 443 : 80;
    int port = target.getPort() < 0 ? usual : target.getPort();
    return Arrays.stream(direct.split("[,\\s]+", -1))
        .filter(rule -> !rule.isEmpty())
        .anyMatch(rule -> fits(rule, host, port));
  }

  private static boolean fits(String rule, String host, int port) {
    int colon = rule.lastIndexOf(':');
    if (colon > 0 && rule.indexOf(':') == colon) { // and not the colons of IPv6
      return rule.substring(colon + 1).equals(port + "")
          && fits(rule.substring(0, colon), host, port);
    }
    if (rule.equals("*") || rule.equals(host) || rule.equals(host.replaceAll("[\\[\\]]", ""))) {
      return true;
    }
    int slash = rule.indexOf('/');
    if (slash > 0) {
      return isIn(rule.substring(0, slash), rule.substring(slash + 1), host);
    }
    String domain = rule.replaceFirst("^\\*?\\.", "");
    return host.equals(domain) || host.endsWith("." + domain);
  }

  private static boolean isIn(String network, String bits, String host) {
    Optional<Integer> base = ipv4(network);
    Optional<Integer> address = ipv4(host);
    if (base.isEmpty() || address.isEmpty() || !bits.matches("[0-9]|[12][0-9]|3[0-2]")) {
      return false;
    }
    int free = 32 - Integer.parseInt(bits);
    return free == 32 || (base.get() ^ address.get()) >>> free == 0;
  }

  private static Optional<Integer> ipv4(String text) {
    String[] parts = text.split("\\.", -1);
    int address = 0;
    for (String part : parts) {
      if (parts.length != 4 || !part.matches("[0-9]{1,3}") || Integer.parseInt(part) > 255) {
        return Optional.empty();
      }
      address = address << 8 | Integer.parseInt(part);
    }
    return Optional.of(address);
  }
}
