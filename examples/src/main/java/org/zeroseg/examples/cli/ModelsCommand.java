package org.zeroseg.examples.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What {@code --model} takes. */
@Command(
    name = "models",
    description = "Lists the models that --model takes.",
    mixinStandardHelpOptions = true)
final class ModelsCommand implements Callable<Integer> {

  private static final String[][] KNOWN = {
    {Models.DEMO, "comes with zeroseg; knows 62 everyday things from drawings"},
    {Demo.SHAPES.toString(), "comes with zeroseg; knows the looks and shapes of ShapeWorld"},
    {Demo.SHAPES_VIT.toString(), "the same words by a vision transformer"},
    {"openai/clip-vit-base-patch32", "CLIP ViT-B/32, 224 pixels, 151 M parameters"},
    {"openai/clip-vit-base-patch16", "CLIP ViT-B/16, 224 pixels, 150 M parameters"},
    {"openai/clip-vit-large-patch14", "CLIP ViT-L/14, 224 pixels, 428 M parameters"},
    {"openai/clip-vit-large-patch14-336", "CLIP ViT-L/14, 336 pixels, 428 M parameters"},
    {"PATH/ViT-B-16.pt", "OpenAI's own files (also RN50, RN50x16, ...), vocabulary beside them"},
    {"PATH/FOLDER", "a folder laid out as on the hub"}
  };

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    for (String[] model : KNOWN) {
      out.printf("  %-36s %s%n", model[0], model[1]);
    }
    out.println();
    out.println("Ids are fetched from the hub once and kept in its usual cache (HF_HOME).");
    out.flush();
    return 0;
  }
}
