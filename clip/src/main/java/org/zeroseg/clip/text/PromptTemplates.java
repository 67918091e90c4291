package org.zeroseg.clip.text;

import java.util.List;
import org.zeroseg.core.file.Fingerprint;

/**
 * The sentences into which a word is put before it is encoded, since CLIP has seen captions, not
 * words. A template holds {@code {}} where the word goes; the word goes in as it is.
 *
 * @param templates at least one
 */
public record PromptTemplates(List<String> templates) {

  private static final String PLACE = "{}";

  /**
   * The 85 templates of MaskCLIP, ReCo, NamedMask and ZUTIS' retrieval: {@link #IMAGENET}, and five
   * that say that the thing is in the scene.
   */
  public static final PromptTemplates ENSEMBLE =
      new PromptTemplates(Resource.lines("prompt-templates.txt"));

  /** The 80 templates of CLIP's ImageNet evaluation (Radford et al. 2021, Sec. 3.1.4). */
  public static final PromptTemplates IMAGENET =
      new PromptTemplates(ENSEMBLE.templates.subList(0, 80));

  /** The seven of them that CLIP's authors found to do most of the work. */
  public static final PromptTemplates IMAGENET_SHORT =
      of(
          "itap of a {}.",
          "a bad photo of the {}.",
          "a origami {}.",
          "a photo of the large {}.",
          "a {} in a video game.",
          "art of the {}.",
          "a photo of the small {}.");

  /** One plain sentence. */
  public static final PromptTemplates PHOTO = of("a photo of a {}.");

  /** The word alone, as ZUTIS' classifier takes it. */
  public static final PromptTemplates BARE = of(PLACE);

  /**
   * Checks the templates.
   *
   * @throws IllegalArgumentException if there is none, or one has no place for the word
   */
  public PromptTemplates {
    templates = List.copyOf(templates);
    if (templates.isEmpty()) {
      throw new IllegalArgumentException("no prompt templates");
    }
    for (String template : templates) {
      if (!template.contains(PLACE)) {
        throw new IllegalArgumentException("no " + PLACE + " in the template \"" + template + "\"");
      }
    }
  }

  /**
   * Custom templates.
   *
   * @param templates at least one, each with {@code {}} where the word goes
   * @return the templates
   * @throws IllegalArgumentException if there is none, or one has no place for the word
   */
  public static PromptTemplates of(String... templates) {
    return new PromptTemplates(List.of(templates));
  }

  /**
   * The sentences for a word.
   *
   * @param word goes in verbatim
   * @return one prompt per template, in order
   */
  public List<String> prompts(String word) {
    return templates.stream().map(template -> template.replace(PLACE, word)).toList();
  }

  /** What tells these templates from others in a cache. */
  String fingerprint() {
    Fingerprint all = new Fingerprint();
    templates.forEach(all::add);
    return all.hex();
  }
}
