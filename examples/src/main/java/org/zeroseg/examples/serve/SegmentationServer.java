package org.zeroseg.examples.serve;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * A running server of the page, the REST API and Label Studio's protocol.
 *
 * <pre>{@code
 * SegmentationServer server =
 *     SegmentationServer.start(
 *         new InetSocketAddress("127.0.0.1", 8080), methods, Limits.DEFAULT, access, tasks);
 * server.stop(Duration.ofSeconds(30));
 * }</pre>
 */
public final class SegmentationServer {

  /** Threads besides those of requests that have a place: accepting, small answers, refusals. */
  private static final int OTHER_THREADS = 32;

  /** How long a connection may be silent in the middle of a request, in milliseconds. */
  private static final long IDLE = 20_000;

  private final Server server;
  private final int port;
  private final Workers workers;
  private final Api api;

  private SegmentationServer(Server server, int port, Workers workers, Api api) {
    this.server = server;
    this.port = port;
    this.workers = workers;
    this.api = api;
  }

  /**
   * Starts it.
   *
   * @param address where it listens; port 0 for any that is free
   * @param methods what it answers with
   * @param limits what it takes on
   * @param access who may ask
   * @param pictures where the pictures of Label Studio's tasks are
   * @return the running server
   * @throws IOException if it cannot listen there
   */
  public static SegmentationServer start(
      InetSocketAddress address,
      Methods methods,
      Limits limits,
      Access access,
      TaskPictures pictures)
      throws IOException {
    Workers workers = new Workers(limits);
    QueuedThreadPool threads = new QueuedThreadPool(limits.places() + OTHER_THREADS, 4);
    threads.setName("zeroseg-http");
    Server server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(16 << 10);
    ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
    connector.setHost(address.getHostString());
    connector.setPort(address.getPort());
    connector.setIdleTimeout(IDLE);
    server.addConnector(connector);
    Api api = new Api(methods, limits, access, pictures, workers);
    server.setHandler(new GracefulHandler(api));
    server.setErrorHandler(api::unreadable);
    try {
      server.start();
    } catch (Exception e) {
      try {
        server.stop();
      } catch (Exception again) {
        e.addSuppressed(again);
      }
      throw e instanceof IOException failure ? failure : new IOException(e);
    }
    return new SegmentationServer(server, connector.getLocalPort(), workers, api);
  }

  /**
   * The port that it listens on.
   *
   * @return from 1 to 65535
   */
  public int port() {
    return port;
  }

  /**
   * Waits until it is stopped.
   *
   * @throws InterruptedException if this thread is interrupted
   */
  public void join() throws InterruptedException {
    server.join();
  }

  /**
   * Stops: no request is taken on, those that are there are answered.
   *
   * @param longest how long to wait for them
   * @throws IOException if it cannot be stopped
   */
  public void stop(Duration longest) throws IOException {
    api.leave();
    server.setStopTimeout(longest.toMillis());
    try {
      server.stop();
      workers.stop(longest);
    } catch (Exception e) {
      throw new IOException("The server does not stop: " + e, e);
    }
  }
}
