import DefaultTheme from 'vitepress/theme';
import './page.css';

export default DefaultTheme;
