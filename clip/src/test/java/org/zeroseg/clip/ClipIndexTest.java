package org.zeroseg.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.retrieval.ImageEncoder;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.clip.retrieval.Match;
import org.zeroseg.clip.retrieval.Unreadable;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.image.Picture;

/** A model and an index together. */
class ClipIndexTest {

  @Test
  void everyPictureOfAFolderIsFoundByItself(@TempDir Path folder) throws IOException {
    Path pictures = Files.createDirectories(folder.resolve("pictures/deeper")).getParent();
    List<String> names = List.of("deeper/a.png", "b.png", "c.png", "d.png", "one-pixel.png");
    List<Picture> known = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      boolean tiny = names.get(i).startsWith("one");
      Picture picture = Noise.picture(tiny ? 1 : 40 + 7 * i, tiny ? 1 : 64 - 5 * i, i);
      picture.writePng(pictures.resolve(names.get(i)));
      known.add(picture);
    }
    Files.writeString(pictures.resolve("broken.png"), "no picture");

    for (ClipConfig.Image tower : List.of(TinyClip.VIT, TinyClip.RES_NET)) {
      try (Clip clip = TinyClip.clip(tower)) {
        ImageEncoder encoder = clip.imageEncoder("tiny");
        Path place = folder.resolve(tower.getClass().getSimpleName());
        IndexBuilder builder = IndexBuilder.of(encoder).withBatchSize(2);
        IndexBuilder.Outcome outcome = builder.build(place, pictures);
        ImageIndex index = outcome.index();
        assertEquals(5, index.size());
        assertEquals(
            List.of("broken.png"), outcome.unreadable().stream().map(Unreadable::name).toList());

        float[][] vectors = clip.encodeImages(known);
        for (int i = 0; i < known.size(); i++) {
          Match best = index.search(TextEmbeddings.unit(vectors[i]), 1).get(0);
          assertEquals(names.get(i), best.name());
          assertEquals(1, best.score(), 2e-3);
        }
        float[][] words =
            clip.textEmbeddings().classifier(List.of("cat", "dog"), PromptTemplates.PHOTO);
        assertEquals(5, index.search(words, 10).get(1).size());
      }
    }
  }
}
