package org.zeroseg.namedmask;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.Progress;
import org.zeroseg.core.file.Fingerprint;

/** Fingerprints of what picture files hold; those of files that were not touched are kept. */
record PictureHashes(Manifest kept) {

  /** Files that cannot be read are left out. */
  Map<String, String> of(Path folder, List<String> names, Progress progress) throws IOException {
    Map<String, String> before = kept.read();
    Map<String, String> after = new LinkedHashMap<>();
    Map<String, String> hashes = new LinkedHashMap<>();
    List<String> list = new ArrayList<>(names);
    for (int i = 0; i < list.size(); i++) {
      String name = list.get(i);
      Path file = folder.resolve(name);
      try {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        String touched = found.size() + " " + found.lastModifiedTime().toMillis() + " ";
        String known = before.getOrDefault(name, "");
        String line =
            known.startsWith(touched) ? known : touched + new Fingerprint().add(file).hex();
        after.put(name, line);
        hashes.put(name, line.substring(touched.length()));
      } catch (IOException e) {
        continue;
      }
      progress.update("looking at pictures", i + 1, list.size());
    }
    if (!after.equals(before)) {
      kept.write(Map.of("pictures", folder.toString()), after);
    }
    return hashes;
  }
}
