package org.zeroseg.examples.cli;

import ai.djl.util.Utils;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import org.zeroseg.core.Precision;
import org.zeroseg.core.PrecisionSpeed;
import org.zeroseg.core.file.UserCache;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.tensor.TorchEngine;
import picocli.CommandLine.IVersionProvider;

/** What a report of a fault should say of the program and of the machine, a fact a line. */
final class MachineReport implements IVersionProvider {

  private static final String JAR = "META-INF/MANIFEST.MF";

  private final List<String> rows = new ArrayList<>();

  /** For {@code --version}. */
  @Override
  public String[] getVersion() {
    program();
    try {
      engine();
    } catch (TorchEngine.UnavailableException e) {
      row("Engine", "cannot be started: %s", e.getMessage());
    }
    return rows.toArray(String[]::new);
  }

  /** The same, what was measured, and where things are kept. */
  static List<String> withFolders() {
    MachineReport report = new MachineReport();
    report.program();
    report.engine();
    report.folders();
    return report.rows;
  }

  private void program() {
    row("zeroseg", "%s", version());
    Runtime runtime = Runtime.getRuntime();
    row(
        "Java",
        "%s (%s), heap of at most %d MB",
        System.getProperty("java.version"),
        System.getProperty("java.vendor"),
        runtime.maxMemory() >> 20);
    row(
        "System",
        "%s %s %s",
        System.getProperty("os.name"),
        System.getProperty("os.version"),
        System.getProperty("os.arch"));
    row(
        "Processor",
        "%s, %d of it for this process",
        PrecisionSpeed.processor().orElse("of unknown name"),
        runtime.availableProcessors());
  }

  private void engine() {
    row(
        "Engine",
        "PyTorch %s, %d threads, on %s",
        TorchEngine.get().getVersion(),
        TorchEngine.threads(),
        TorchEngine.defaultDevice());
    row("Natives", "%s", Utils.getEngineCacheDir("pytorch"));
    PrecisionSpeed speed = PrecisionSpeed.ofThisMachine();
    row(
        "Precision",
        "AUTO takes %s; a block of ViT-B/16 takes %.1f ms in float32, %.1f ms in bfloat16",
        Precision.AUTO.on(TorchEngine.defaultDevice()).name().toLowerCase(Locale.ROOT),
        speed.float32Millis(),
        speed.bfloat16Millis());
  }

  private void folders() {
    ModelHub hub = ModelHub.fromEnvironment();
    Optional<String> offline = hub.offline();
    row(
        "Models",
        "%s, %s",
        hub.cache(),
        offline.map(setting -> "offline (" + setting + ")").orElse("downloads when asked by id"));
    row("Cache", "%s", UserCache.folder());
  }

  private void row(String name, String format, Object... values) {
    rows.add(
        String.format(Locale.ROOT, "%-10s ", name) + String.format(Locale.ROOT, format, values));
  }

  /** As the build wrote it into the jar. */
  private static String version() {
    URL self = ZeroSeg.class.getResource("ZeroSeg.class");
    String place = String.valueOf(self);
    int end = place.lastIndexOf("!/");
    if (!place.startsWith("jar:") || end < 0) {
      return "not from a jar";
    }
    try (InputStream manifest = new URL(place.substring(0, end + 2) + JAR).openStream()) {
      Attributes said = new Manifest(manifest).getMainAttributes();
      String commit = said.getValue("Implementation-Commit");
      // The build leaves the property's name where there is no repository to ask.
      boolean known = commit != null && !commit.startsWith("$");
      return said.getValue(Attributes.Name.IMPLEMENTATION_VERSION)
          + (known ? ", commit " + commit : "");
    } catch (IOException e) {
      return "of unknown version (" + e.getMessage() + ")";
    }
  }
}
