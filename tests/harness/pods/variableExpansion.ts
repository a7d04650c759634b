/**
 * `$(NAME)` in a container's command and arguments, as the kubelet expands it; `$$` is a `$`, and a name that nobody has stays as it is.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export const expandVariables = (text: string, environment: Readonly<Record<string, string>>): string =>
  text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name?: string) =>
    name === undefined ? "$" : (environment[name] ?? whole),
  );
