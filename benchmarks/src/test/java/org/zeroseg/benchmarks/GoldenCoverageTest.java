package org.zeroseg.benchmarks;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.golden.Golden;

/** Runs in the last module, when every other has noted which kinds of golden cases it ran. */
class GoldenCoverageTest {

  @Test
  void namesTheKindsThatNobodyRuns() throws IOException {
    Path golden = Golden.folder();
    Path ledger = Golden.ledger();
    assumeTrue(Files.isDirectory(golden), golden + " is absent (-Dzeroseg.golden)");
    assumeTrue(Files.isDirectory(ledger), "no module ran golden cases in this build");
    Map<String, Integer> idle = new TreeMap<>();
    int ran = 0;
    try (Stream<Path> files = Files.walk(golden, 3)) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        if (file.endsWith("case.json")) {
          String kind = kind(file);
          if (Files.exists(ledger.resolve(Golden.note(kind)))) {
            ran++;
          } else {
            idle.merge(kind, 1, Integer::sum);
          }
        }
      }
    }
    System.out.println("Golden cases of kinds that some module runs: " + ran);
    System.out.println("Kinds that nobody runs yet: " + idle);
    assertTrue(ran > 0, "notes in " + ledger + " fit no case in " + golden);
  }

  private static String kind(Path file) throws IOException {
    try (Reader reader = Files.newBufferedReader(file)) {
      JsonObject json = JsonParser.parseReader(reader).getAsJsonObject();
      return json.get("area").getAsString() + " " + json.get("kind").getAsString();
    }
  }
}
