package org.zeroseg.core.tensor;

import ai.djl.util.Platform;
import ai.djl.util.Utils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether all is there that the engine consists of, said in words before it is started. */
final class EngineParts {

  /** Who sets one of these has natives elsewhere, and lets DJL find them. */
  private static final String[] CHOSEN = {
    "PYTORCH_LIBRARY_PATH", "PYTORCH_VERSION", "PYTORCH_FLAVOR"
  };

  private static final String NATIVES = "native/lib/pytorch.properties";

  private EngineParts() {}

  /**
   * What is missing.
   *
   * @param loader by which DJL will look
   * @param cache where natives have been unpacked to
   * @return a message with what to do; empty if the engine can be started
   */
  static Optional<String> missing(ClassLoader loader, Path cache) {
    if (Stream.of(CHOSEN).anyMatch(name -> Utils.getEnvOrSystemProperty(name) != null)) {
      return Optional.empty();
    }
    if (loader.getResource("pytorch-engine.properties") == null) {
      return Optional.of(
          "The PyTorch engine is not on the class path (pytorch-engine.properties is missing). "
              + "zeroseg-core brings it: do not exclude ai.djl.pytorch:pytorch-engine, and keep "
              + "its resources where jars are made one.");
    }
    Platform platform = Platform.detectPlatform("pytorch");
    Path unpacked =
        cache
            .resolve("pytorch")
            .resolve(
                String.join(
                    "-", platform.getVersion(), platform.getFlavor(), platform.getClassifier()));
    if (platform.isPlaceholder()
        && !Files.exists(unpacked.resolve(System.mapLibraryName("torch")))) {
      return Optional.of(natives(platform, loader.getResource(NATIVES) != null));
    }
    String library = System.mapLibraryName("djl_torch");
    String bridge =
        "jnilib/" + platform.getClassifier() + '/' + platform.getFlavor() + '/' + library;
    if (loader.getResource(bridge) == null
        && !Files.exists(unpacked.resolve(platform.getApiVersion() + '-' + library))) {
      return Optional.of(bridge(platform, bridge));
    }
    return Optional.empty();
  }

  private static String natives(Platform platform, boolean others) {
    boolean gpu = platform.getFlavor().startsWith("cu");
    return "The PyTorch engine has no natives for this machine ("
        + platform.getClassifier()
        + (others ? "; those on the class path are for another, or for a GPU" : "")
        + "). Add to your pom.xml:\n\n"
        + lines("pytorch-native-cpu", version(platform), platform.getClassifier())
        + (gpu ? "\nor, for the GPU, pytorch-native-cu128 in place of pytorch-native-cpu.\n" : "")
        + "\nIf it is there: a fat jar must keep "
        + NATIVES
        + " and the folder pytorch/.";
  }

  private static String bridge(Platform platform, String resource) {
    return "The PyTorch engine lacks its JNI library ("
        + resource
        + "). zeroseg-core brings it: do not exclude it, or add to your pom.xml:\n\n"
        + lines("pytorch-jni", version(platform) + '-' + platform.getApiVersion(), "")
        + "\nIf it is there: a fat jar must keep the folder jnilib/.";
  }

  /** Natives are numbered by PyTorch's version and a date, their artifacts by the version. */
  private static String version(Platform platform) {
    return platform.getVersion().replaceFirst("-.*", "");
  }

  private static String lines(String artifact, String version, String classifier) {
    return "  <dependency>\n    <groupId>ai.djl.pytorch</groupId>\n    <artifactId>"
        + artifact
        + "</artifactId>\n    <version>"
        + version
        + "</version>\n"
        + (classifier.isEmpty() ? "" : "    <classifier>" + classifier + "</classifier>\n")
        + "    <scope>runtime</scope>\n  </dependency>\n";
  }
}
