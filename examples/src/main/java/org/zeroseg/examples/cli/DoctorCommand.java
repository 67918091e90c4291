package org.zeroseg.examples.cli;

import ai.djl.engine.Engine;
import ai.djl.util.Utils;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.core.Precision;
import org.zeroseg.core.PrecisionSpeed;
import org.zeroseg.core.file.UserCache;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.tensor.TorchEngine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What a report of a fault should say, and why the library is as fast as it is here. */
@Command(
    name = "doctor",
    description = "Shows what this machine offers and what zeroseg makes of it.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Runtime runtime = Runtime.getRuntime();
    row("zeroseg", "%s", spec.root().version()[0].replace("zeroseg ", ""));
    row(
        "Java",
        "%s (%s), heap of at most %d MB",
        System.getProperty("java.version"),
        System.getProperty("java.vendor"),
        runtime.maxMemory() >> 20);
    row(
        "System",
        "%s %s, %d processors",
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        runtime.availableProcessors());
    Engine engine = TorchEngine.get();
    row(
        "Engine",
        "PyTorch %s, %d threads, on %s",
        engine.getVersion(),
        TorchEngine.threads(),
        engine.defaultDevice());
    row("Natives", "%s", Utils.getEngineCacheDir("pytorch"));
    PrecisionSpeed speed = PrecisionSpeed.ofThisMachine();
    row(
        "Precision",
        "a block of ViT-B/16 takes %.1f ms in float32, %.1f ms in bfloat16; AUTO takes %s",
        speed.float32Millis(),
        speed.bfloat16Millis(),
        Precision.AUTO.on(engine.defaultDevice()).name().toLowerCase(Locale.ROOT));
    ModelHub hub = ModelHub.fromEnvironment();
    Optional<String> offline = hub.offline();
    row(
        "Models",
        "%s, %s",
        hub.cache(),
        offline.map(setting -> "offline (" + setting + ")").orElse("downloads when asked by id"));
    row("Cache", "%s", UserCache.folder());
    spec.commandLine().getOut().flush();
    return 0;
  }

  private void row(String name, String format, Object... values) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf("%-10s %s%n", name, String.format(Locale.ROOT, format, values));
  }
}
