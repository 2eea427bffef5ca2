import { useEffect, useState } from 'preact/hooks';
import { DemoAccountsContext, useAskForDemoAccounts } from '../hooks/use-demo-accounts.ts';
import { type Language, localeOf, pickLanguage, textsOf } from '../i18n/language.ts';
import { LanguageContext } from '../i18n/language-context.ts';
import { storedLanguage, storeLanguage } from '../platform/language-storage.ts';
import { LanguageSwitch } from './language-switch.tsx';
import { Pane } from './pane.tsx';

/** The whole page: a title, the languages, and two sides that know nothing of each other. */
export function App() {
  const [language, setLanguage] = useState<Language>(() =>
    pickLanguage(storedLanguage(), navigator.languages),
  );
  const demoAccounts = useAskForDemoAccounts();
  const { app } = textsOf[language];

  useEffect(() => {
    document.documentElement.lang = localeOf[language];
    document.title = `${app.title} · hongbao`;
  }, [language, app]);

  return (
    <LanguageContext.Provider value={language}>
      <header class="page-header">
        <div>
          <h1>{app.title}</h1>
          <p>{app.tagline}</p>
        </div>
        <LanguageSwitch
          language={language}
          onLanguage={(chosen) => {
            storeLanguage(chosen);
            setLanguage(chosen);
          }}
        />
      </header>
      <main class="panes">
        <DemoAccountsContext.Provider value={demoAccounts}>
          <Pane side="left" />
          <Pane side="right" />
        </DemoAccountsContext.Provider>
      </main>
    </LanguageContext.Provider>
  );
}
