package org.zeroseg.core.tensor;

import ai.djl.engine.Engine;
import java.io.IOException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.util.List;

/**
 * A process of its own that starts the engine and says what came of it: connections that were tried
 * (none is made), then whether an array could be summed.
 */
final class StartEngine {

  private StartEngine() {}

  /** By this library, from a thread that knows no class loader of the application; or by DJL. */
  public static void main(String[] arguments) throws InterruptedException {
    URL.setURLStreamHandlerFactory(protocol -> protocol.startsWith("http") ? new Refusal() : null);
    ProxySelector.setDefault(new Watch());
    Thread thread =
        new Thread(arguments[0].equals("djl") ? Engine::getInstance : StartEngine::start);
    thread.setContextClassLoader(
        arguments[0].equals("djl")
            ? StartEngine.class.getClassLoader()
            : ClassLoader.getPlatformClassLoader());
    thread.start();
    thread.join();
  }

  private static void start() {
    try (var manager = TorchEngine.newManager()) {
      System.out.println("sum " + manager.create(new float[] {1, 2}).sum().getFloat());
    } catch (TorchEngine.UnavailableException e) {
      System.out.println("unavailable: " + e.getMessage());
    }
  }

  private static final class Refusal extends URLStreamHandler {
    @Override
    protected URLConnection openConnection(URL address) throws IOException {
      System.out.println("connection " + address);
      throw new IOException("no network");
    }

    @Override
    protected URLConnection openConnection(URL address, Proxy proxy) throws IOException {
      return openConnection(address);
    }
  }

  private static final class Watch extends ProxySelector {
    @Override
    public List<Proxy> select(URI address) {
      System.out.println("connection " + address);
      return List.of(Proxy.NO_PROXY);
    }

    @Override
    public void connectFailed(URI address, SocketAddress server, IOException failure) {}
  }
}
