package org.zeroseg.eval.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset;

/** Where masks of single categories come from: experts, or one object finder for all of them. */
@FunctionalInterface
public interface MaskPredictor {

  /**
   * The predicted masks of a picture.
   *
   * @param item the picture
   * @param categories those that it holds
   * @return for each of them a map of the truth's size; anything but 0 is the category
   * @throws IOException if something cannot be read
   */
  Map<String, LabelMap> predict(SemanticDataset.Item item, List<String> categories)
      throws IOException;

  /**
   * One map for all categories, such as an object finder's.
   *
   * @param maps anything but 0 is the object
   * @return a predictor
   */
  static MaskPredictor of(SemanticPredictor maps) {
    return (item, categories) -> {
      LabelMap map = maps.predict(item);
      return categories.stream().collect(Collectors.toMap(Function.identity(), name -> map));
    };
  }

  /**
   * Masks in a folder: those of experts in one folder a category, {@code <category>/<name>.png}
   * with {@code _} for blanks and slashes; where a category has no folder, {@code <name>.png}.
   *
   * @param folder of predictions
   * @return a predictor that reads them; a missing one is an error that names it
   */
  static MaskPredictor ofFolder(Path folder) {
    return (item, categories) -> {
      Map<String, LabelMap> masks = new HashMap<>();
      for (String category : categories) {
        Path own = folder.resolve(category.replaceAll("[ /]", "_"));
        Path chosen = Files.isDirectory(own) ? own : folder;
        masks.put(category, SemanticPredictor.ofGreyFolder(chosen).predict(item));
      }
      return masks;
    };
  }
}
