import { openQuestions } from "./ask.ts";
import { checkProjectName } from "./create-project.ts";
import { TEMPLATES, type TemplateName } from "./project-choices.ts";

const readName = (line: string): string | null => (line === "" ? null : line);

/**
 * Asks on the terminal for what was not given. Throws `PROJECT_NAME_INVALID` as soon as the name is known, `INTERRUPTED`
 * when the input ends.
 */
export const askForProject = async (
  given: { readonly name: string | undefined; readonly template: TemplateName | undefined },
  terminal: Parameters<typeof openQuestions>[0],
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly template: TemplateName }> => {
  const questions = openQuestions(terminal, signal);
  try {
    const name = given.name ?? (await questions.ask("Name of the package: ", readName));
    checkProjectName(name);
    const template = given.template ?? (await questions.choose("What to begin with?", TEMPLATES));
    return { name, template };
  } finally {
    questions.close();
  }
};
