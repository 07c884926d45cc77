// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.maven;

import dev.weft.weaver.ClassFolder;
import dev.weft.weaver.ClassPath;
import dev.weft.weaver.Excludes;
import dev.weft.weaver.WeaveException;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/** What the two goals have in common; they differ in what they weave by default. */
abstract class AbstractWeaveMojo extends AbstractMojo {
  /** What Maven has set. */
  record Input(@Nullable File classes, @Nullable List<String> classPath) {}

  /**
   * Where the classes are kept as the compiler made them; by default beside the folder that is
   * woven, with -unwoven added to its name.
   */
  @Parameter private @Nullable File unwoven;

  /**
   * Classes that are left as they are, by patterns of their names; {@code *} stands for any
   * characters, dots included, as in {@code org.example.*}.
   */
  @Parameter private @Nullable List<String> excludes;

  /** Leaves all as it is. */
  @Parameter(property = "weft.weave.skip", defaultValue = "false")
  private boolean skip;

  abstract Input input();

  @Override
  public void execute() throws MojoExecutionException, MojoFailureException {
    Input input = input();
    if (input.classes == null || input.classPath == null) {
      throw new MojoExecutionException("classes and the class path must be set");
    }
    if (skip || !input.classes.isDirectory()) {
      getLog().info("nothing to weave");
      return;
    }
    Path classes = input.classes.toPath();
    Path kept = unwoven == null ? ClassFolder.unwovenBeside(classes) : unwoven.toPath();
    List<Path> path = input.classPath.stream().map(Path::of).toList();
    try (ClassPath classPath = new ClassPath(path)) {
      Excludes excluded = Excludes.of(excludes == null ? List.of() : excludes);
      report(input.classes, ClassFolder.weave(classes, kept, classPath, excluded));
    } catch (IOException | UncheckedIOException | IllegalArgumentException | WeaveException e) {
      throw new MojoExecutionException("weaving " + input.classes + ": " + e.getMessage(), e);
    }
  }

  private void report(File classes, ClassFolder.Summary done) throws MojoFailureException {
    done.problems().warnings().forEach(problem -> getLog().warn(problem.toString()));
    done.problems().errors().forEach(problem -> getLog().error(problem.toString()));
    if (done.problems().isFatal()) {
      throw new MojoFailureException(classes + ": nothing was woven; see above");
    }
    getLog()
        .info(done.read() == 0 ? "nothing to weave: there are no class files" : done.toString());
    if (!done.problems().refused().isEmpty()) {
      throw new MojoFailureException(
          classes
              + ": left as they are, since they can't be woven: "
              + String.join(", ", done.problems().refused()));
    }
  }
}
