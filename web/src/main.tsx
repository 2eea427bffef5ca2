import { render } from 'preact';
import { App } from './components/app.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './styles/pane.css';
import './styles/rows.css';
import './styles/forms.css';
import './styles/chat.css';
import './styles/packet.css';
import './styles/motion.css';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has an element with the id "app"');
render(<App />, root);
