package org.zeroseg.core.hub;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How hosts are reached. A client keeps threads for as long as the process lives, so there is one
 * for all hubs of the same settings, and none before the first file is asked for.
 *
 * @param proxies by way of whom
 * @param patience how long to wait for a connection
 */
record Connection(Proxies proxies, Duration patience) {

  private static final Map<Connection, HttpClient> CLIENTS = new ConcurrentHashMap<>();

  HttpClient client() throws Refusal {
    HttpClient made = CLIENTS.get(this);
    if (made == null) {
      synchronized (CLIENTS) {
        made = CLIENTS.get(this);
        if (made == null) {
          made = make();
          CLIENTS.put(this, made);
        }
      }
    }
    return made;
  }

  private HttpClient make() throws Refusal {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            // Followed by hand: the token must not go with a redirect to another host.
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(patience);
    if (proxies.areNamed()) {
      builder.proxy(proxies.selector());
      proxies.authenticator().ifPresent(builder::authenticator);
    }
    return builder.build();
  }
}
