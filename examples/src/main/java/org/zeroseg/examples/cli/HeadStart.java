package org.zeroseg.examples.cli;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Set;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Loads the engine while the arguments are read: each takes a good part of the second that a small
 * picture takes in all.
 */
final class HeadStart {

  /** Commands that use a model whatever their options are. */
  private static final Set<String> COMMANDS = Set.of("segment", "saliency", "discover", "index");

  private static final Set<String> HELP = Set.of("-h", "--help", "-V", "--version");

  private HeadStart() {}

  /** A thread that has started, and has nothing to do for commands without a model. */
  static Thread of(String... arguments) {
    boolean needed =
        arguments.length > 1
            && COMMANDS.contains(arguments[0])
            && Arrays.stream(arguments).noneMatch(HELP::contains);
    Thread thread = new Thread(needed ? HeadStart::load : () -> {}, "head start");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void load() {
    try (NDManager manager = TorchEngine.newManager(Device.cpu())) {
      // The first call compiles all kernels.
      Kernels.scaled(manager.ones(new Shape(1)), 1).close();
    } catch (RuntimeException | LinkageError e) {
      // The command will meet the same, and tell.
    }
  }
}
